//! Certificates of an authority that no system knows, and a server that shows them.

use std::sync::Arc;

use checkpoint_storage_tests::s3::{Loopback, S3Server};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::NamedTempFile;
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// An authority, and its certificate as a file.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: NamedTempFile,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("a certificate");
        let file = NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), issuer.pem()).expect("written");
        Self { issuer, file }
    }

    /// What `s3.ca-file` names.
    pub(crate) fn file(&self) -> &str {
        self.file.path().to_str().expect("UTF-8")
    }

    /// Stands before `server` until the tests end and speaks TLS with a certificate for `host`, which
    /// has expired unless it is valid.
    pub(crate) fn before(&self, server: &S3Server, host: &str, is_valid: bool) -> S3Server {
        let mut params = CertificateParams::new([host.to_owned()]).expect("a host");
        if !is_valid {
            params.not_after = rcgen::date_time_ymd(2001, 1, 1);
            params.not_before = rcgen::date_time_ymd(2000, 1, 1);
        }
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("signed");
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth();
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let config = config.with_single_cert(vec![certificate.der().clone()], key).expect("a pair");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let upstream: Arc<str> = server.host_and_port().into();
        let listener = Loopback::new(move |connection| {
            let (acceptor, upstream) = (acceptor.clone(), Arc::clone(&upstream));
            async move {
                // It fails when the other side refuses the certificate or is gone.
                if let Ok(mut plain) = acceptor.accept(connection).await
                    && let Ok(mut server) = TcpStream::connect(&*upstream).await
                {
                    let _ = copy_bidirectional(&mut plain, &mut server).await;
                }
            }
        });
        server.through(format!("https://{}", listener.keep().address()))
    }
}
