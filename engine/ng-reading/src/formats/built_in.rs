//! The formats that are built in, in the order in which they are tried: the narrower before the wider.

/// A row for each file of `formats/`.
macro_rules! built_in {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("../../formats/", $name, ".toml")))),*]
    };
}

/// Names and texts.
pub(super) static BUILT_IN: &[(&str, &str)] = built_in! {
    "s3_access"
    "aws_alb"
    "cloudfront"
    "squid"
    "haproxy_http"
    "haproxy_tcp"
    "uwsgi"
    "access_log"
    "nginx_error"
    "apache_error"
    "django"
    "gunicorn"
    "auditd"
    "docker"
    "klog"
    "logcat"
    "postgresql"
    "mysql_error"
    "mysql_slow"
    "mongodb"
    "redis"
    "rabbitmq"
    "nats"
    "zookeeper"
    "kafka"
    "tomcat"
    "java_util_logging"
    "spring_boot"
    "etcd"
    "fail2ban"
    "log4j"
    "python_logging"
    "ruby_logger"
    "rails"
    "monolog"
    "zap_console"
    "serilog"
    "dpkg"
    "apt_history"
    "sshd"
    "sudo"
    "cron"
    "kernel"
    "github_actions"
    "coredns"
    "strace"
    "macos"
    "mosquitto"
};
