//! TLS of the listener: a certificate chain and its key, as PEM files.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};
use weir_engine::Error;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl TlsFiles {
    /// Both or neither.
    pub fn from_properties(
        certificate: Option<&str>,
        key: Option<&str>,
    ) -> Result<Option<Self>, Error> {
        match (certificate, key) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => Ok(Some(Self {
                certificate: certificate.into(),
                key: key.into(),
            })),
            _ => Err(Error::user(
                "TLS needs a certificate and its key, and one of them is missing",
            )
            .hint("name both, with --tls-certificate FILE and --tls-key FILE (PEM)")),
        }
    }

    /// What accepts connections, HTTP/2 before HTTP/1.1.
    pub fn acceptor(&self) -> Result<TlsAcceptor, Error> {
        let chain = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| unreadable(&self.certificate, "certificate", &error))?;
        if chain.is_empty() {
            return Err(unreadable(
                &self.certificate,
                "certificate",
                &"none is in it",
            ));
        }
        let key = PrivateKeyDer::from_pem_file(&self.key)
            .map_err(|error| unreadable(&self.key, "private key", &error))?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key));
        let mut config = config.map_err(|error| {
            Error::user(format!("TLS cannot be set up: {error}"))
                .hint("the key must be the certificate's own")
        })?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

fn unreadable(path: &Path, what: &str, error: &dyn std::fmt::Display) -> Error {
    Error::user(format!(
        "cannot read a {what} from `{}`: {error}",
        path.display()
    ))
    .hint("a PEM file is expected: `-----BEGIN …`")
}
