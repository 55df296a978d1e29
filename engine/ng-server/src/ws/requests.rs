//! What clients of the seed's dialect ask for, and how refusals are told to them.

use super::buckets::Kind;
use crate::auth::{Identity, Right};
use crate::channels::{CHANNELS, Channel};
use crate::clock;
use crate::error::ApiError;
use crate::json;
use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use tokio_tungstenite::tungstenite::Message;

/// Most channels that one message names.
const MOST_CHANNELS: usize = 64;
/// Longest type that is repeated in an answer, characters.
const MOST_TYPE: usize = 64;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// To read channels.
    Subscribe {
        /// Their names.
        names: Vec<String>,
        /// As the seed's web page does.
        web: bool,
    },
    /// To read channels no more.
    Unsubscribe {
        /// Their names.
        names: Vec<String>,
    },
    /// Which channels are read.
    GetSubscriptions,
    /// For a pong.
    Ping,
    /// Nothing: the answer to a ping of ours.
    Pong,
    /// For a token to go on with this session.
    GetReconnectionToken,
    /// To send and get binary messages.
    EnableBinary,
}

/// A message that was read as far as its type.
pub(super) struct Typed {
    /// The type; cut when it is very long.
    pub(super) name: String,
    object: Map<String, Value>,
}

/// Reads a message as far as its type.
pub(super) fn typed(bytes: &[u8]) -> Result<Typed, ApiError> {
    let Value::Object(object) = json::parse(bytes)? else {
        return Err(ApiError::bad_request("expected a JSON object with the key type"));
    };
    match object.get("type") {
        Some(Value::String(name)) => Ok(Typed { name: name.chars().take(MOST_TYPE).collect(), object }),
        Some(_) => Err(ApiError::bad_request("type: expected a text")),
        None => Err(ApiError::bad_request("type: missing, expected a text such as subscribe")),
    }
}

impl Typed {
    /// The bucket that this message is taken from; none for what is accepted without an answer.
    pub(super) fn kind(&self) -> Option<Kind> {
        (self.name != "pong").then(|| Kind::of(&self.name))
    }

    /// What is asked for.
    pub(super) fn asked(&self) -> Result<Asked, ApiError> {
        match self.name.as_str() {
            "subscribe" => {
                let (names, web) = self.names()?;
                Ok(Asked::Subscribe { names, web })
            }
            "unsubscribe" => Ok(Asked::Unsubscribe { names: self.names()?.0 }),
            "get_subscriptions" => Ok(Asked::GetSubscriptions),
            "ping" => Ok(Asked::Ping),
            "pong" => Ok(Asked::Pong),
            "get_reconnection_token" => Ok(Asked::GetReconnectionToken),
            "enable_binary" => Ok(Asked::EnableBinary),
            name => {
                let what = format!("the type {name:?} is not known");
                Err(ApiError::new(StatusCode::BAD_REQUEST, "UNKNOWN_TYPE", what))
            }
        }
    }

    /// The channels that the message names, each once, and whether it names one in the way of the seed's web page.
    fn names(&self) -> Result<(Vec<String>, bool), ApiError> {
        let text = |value: &Value| match value {
            Value::String(name) => Ok(name.clone()),
            other => {
                Err(ApiError::bad_request(format!("channels: expected names of channels, found {}", short(other))))
            }
        };
        let (named, web) = match (self.object.get("channels"), self.object.get("channel")) {
            (Some(Value::Array(named)), _) if named.len() > MOST_CHANNELS => {
                let what = format!("channels: expected at most {MOST_CHANNELS} names, found {}", named.len());
                return Err(ApiError::bad_request(what));
            }
            (Some(Value::Array(named)), _) => (named.iter().map(text).collect::<Result<_, _>>()?, false),
            (Some(other), _) => {
                let what = format!("channels: expected a list of names, found {}", short(other));
                return Err(ApiError::bad_request(what));
            }
            (None, Some(name)) => (vec![text(name)?], true),
            (None, None) => return Err(ApiError::bad_request("channels: missing, expected a list of names")),
        };
        let mut names: Vec<String> = Vec::new();
        for name in named {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Ok((names, web))
    }
}

/// What kind of value it is.
fn short(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Divides names into channels that the client may read and names that are denied; refuses when nothing is left.
pub(super) fn allowed(names: &[String], identity: &Identity) -> Result<(Vec<Channel>, Vec<String>), ApiError> {
    let readable = |name: &String| Channel::named(name).filter(|channel| identity.may(Right::Read(*channel)));
    let allowed: Vec<Channel> = names.iter().filter_map(readable).collect();
    if !allowed.is_empty() {
        return Ok((allowed, names.iter().filter(|name| readable(name).is_none()).cloned().collect()));
    }
    if names.iter().any(|name| Channel::named(name).is_some()) {
        return Err(ApiError::forbidden(format!("not allowed: {}", names.join(", "))));
    }
    Err(unknown_channel(&names.join(", ")))
}

/// The refusal of a channel that does not exist, with those that do.
pub(super) fn unknown_channel(name: &str) -> ApiError {
    let known: Vec<&str> = CHANNELS.iter().map(|row| row.name).collect();
    let found = if name.is_empty() { "no channel is named".into() } else { format!("no channel {name}") };
    let what = format!("{found}; there are {}", known.join(", "));
    ApiError::new(StatusCode::NOT_FOUND, "UNKNOWN_CHANNEL", what)
}

/// An answer: the type, the time, and more.
pub(super) fn answer(name: &str, more: Value) -> Message {
    let mut answer = more;
    answer["type"] = name.into();
    answer["timestamp"] = clock::now_iso().into();
    Message::Text(answer.to_string().into())
}

/// A refusal. `of`: the type of the request, as far as it is known.
pub(super) fn refusal(error: &ApiError, of: Option<&str>) -> Message {
    let mut more = json!({ "code": error.code, "message": error.message });
    if let Some(seconds) = error.retry_after {
        more["retry_after"] = seconds.into();
    }
    if let Some(of) = of {
        more["request_type"] = of.into();
    }
    answer("error", more)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ng_wire::Role;

    fn asked(text: &str) -> Result<Asked, &'static str> {
        typed(text.as_bytes()).and_then(|typed| typed.asked()).map_err(|error| error.code)
    }

    #[test]
    fn requests_are_read() {
        let subscribe = |names: &[&str], web| {
            Ok(Asked::Subscribe { names: names.iter().map(|name| (*name).to_owned()).collect(), web })
        };
        for (text, expected) in [
            (r#"{"type":"subscribe","channels":["logs","metrics","logs"]}"#, subscribe(&["logs", "metrics"], false)),
            (r#"{"type":"subscribe","channel":"metrics"}"#, subscribe(&["metrics"], true)),
            (r#"{"type":"subscribe","channels":["logs"],"channel":"metrics"}"#, subscribe(&["logs"], false)),
            (r#"{"type":"subscribe","channels":[]}"#, subscribe(&[], false)),
            (r#"{"type":"subscribe"}"#, Err("BAD_REQUEST")),
            (r#"{"type":"subscribe","channels":"logs"}"#, Err("BAD_REQUEST")),
            (r#"{"type":"subscribe","channels":null}"#, Err("BAD_REQUEST")),
            (r#"{"type":"subscribe","channels":["logs",7]}"#, Err("BAD_REQUEST")),
            (r#"{"type":"subscribe","channel":["logs"]}"#, Err("BAD_REQUEST")),
            (r#"{"type":"unsubscribe","channels":["x"]}"#, Ok(Asked::Unsubscribe { names: vec!["x".into()] })),
            (r#"{"type":"get_subscriptions","channels":7}"#, Ok(Asked::GetSubscriptions)),
            (r#"{"type":"ping","payload":{}}"#, Ok(Asked::Ping)),
            (r#"{"type":"pong"}"#, Ok(Asked::Pong)),
            (r#"{"type":"get_reconnection_token"}"#, Ok(Asked::GetReconnectionToken)),
            (r#"{"type":"enable_binary"}"#, Ok(Asked::EnableBinary)),
            (r#"{"type":"Ping"}"#, Err("UNKNOWN_TYPE")),
            (r#"{"type":{"channel":"terminal"}}"#, Err("BAD_REQUEST")),
            (r#"{"type":null}"#, Err("BAD_REQUEST")),
            (r#"{"channels":["logs"]}"#, Err("BAD_REQUEST")),
            (r#"["type","ping"]"#, Err("BAD_REQUEST")),
            ("7", Err("BAD_REQUEST")),
            ("{", Err("BAD_JSON")),
            ("", Err("BAD_JSON")),
        ] {
            assert_eq!(asked(text), expected, "{text}");
        }
        let many = vec!["\"logs\""; MOST_CHANNELS + 1].join(",");
        assert_eq!(asked(&format!(r#"{{"type":"subscribe","channels":[{many}]}}"#)), Err("BAD_REQUEST"));
    }

    #[test]
    fn what_is_repeated_is_bounded() {
        let typed = typed(format!(r#"{{"type":"{}"}}"#, "é".repeat(1000)).as_bytes()).unwrap();
        assert!(typed.asked().unwrap_err().message.chars().count() < 2 * MOST_TYPE);
    }

    #[test]
    fn names_are_divided_and_nothing_at_all_is_refused() {
        let divide = |names: &[&str], role| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            allowed(&names, &Identity { role, ..Identity::anonymous() }).map_err(|error| error.code)
        };
        let some = |channels: &[Channel], denied: &[&str]| {
            Ok((channels.to_vec(), denied.iter().map(|name| (*name).to_owned()).collect()))
        };
        use Channel::{Logs, Metrics, Status};
        assert_eq!(divide(&["status", "logs", "metrics"], Role::Viewer), some(&[Status, Metrics], &["logs"]));
        assert_eq!(divide(&["nothing", "logs"], Role::Developer), some(&[Logs], &["nothing"]));
        assert_eq!(divide(&["logs", "nothing"], Role::Anonymous), Err("FORBIDDEN"));
        assert_eq!(divide(&["nothing"], Role::Admin), Err("UNKNOWN_CHANNEL"));
        assert_eq!(divide(&[], Role::Admin), Err("UNKNOWN_CHANNEL"));
    }
}
