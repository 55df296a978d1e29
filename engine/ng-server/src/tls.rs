//! TLS for the listeners.

use ng_node::NodeError;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// An acceptor with this certificate chain and private key, both PEM files.
pub(crate) fn acceptor(chain: &Path, key: &Path) -> Result<TlsAcceptor, NodeError> {
    let refuse = |path: &Path, what: String| NodeError::config("NG-2108", path.display().to_string(), what);
    let certificates: Vec<CertificateDer<'static>> =
        CertificateDer::pem_file_iter(chain)
            .and_then(Iterator::collect)
            .map_err(|error| refuse(chain, format!("cannot be read as PEM certificates: {error}")))?;
    let private = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| refuse(key, format!("cannot be read as a PEM private key: {error}")))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(certificates, private))
        .map_err(|error| refuse(chain, format!("certificate and key cannot be used: {error}")))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
