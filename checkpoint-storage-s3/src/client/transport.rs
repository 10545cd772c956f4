//! HTTP: TLS, authorities, proxy.

use std::sync::LazyLock;

use aws_sdk_s3::config::SharedHttpClient;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use checkpoint_storage_api::{Error, ErrorKind, Result};
use tracing::warn;

use crate::config::Transport;

/// Whether the system trusts any authority: the SDK must not be told to look for them in vain.
static SYSTEM_HAS_AUTHORITIES: LazyLock<bool> = LazyLock::new(|| {
    let has_any = !rustls_native_certs::load_native_certs().certs.is_empty();
    if !has_any {
        warn!("this system trusts no authority: `s3.ca-file` must name those of TLS servers");
    }
    has_any
});

/// Whether a client has to do with servers that speak TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tls {
    /// There may be some.
    Spoken,
    /// There is none: the system's authorities are not even read.
    Unused,
}

/// A client, by the configured proxy.
pub(super) fn http_client(transport: &Transport, tls: Tls) -> Result<SharedHttpClient> {
    let proxy = transport.proxy.as_ref().map(|proxy| proxy.settings.clone());
    let tls = match tls {
        Tls::Spoken => Some(trusting(transport.authorities.as_deref())?),
        Tls::Unused => None,
    };
    Ok(connecting(proxy, tls))
}

/// A client for what is on this machine or beside it, such as the metadata of an instance: by no
/// proxy.
pub(super) fn direct_client(transport: &Transport) -> Result<SharedHttpClient> {
    Ok(connecting(None, Some(trusting(transport.authorities.as_deref())?)))
}

fn connecting(proxy: Option<ProxyConfig>, tls: Option<TlsContext>) -> SharedHttpClient {
    // Connectors are built when the first request is sent, one for each set of time-outs.
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut builder = Connector::builder();
        builder.set_connector_settings(settings.cloned());
        builder.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        builder.set_proxy_config(proxy.clone());
        match &tls {
            Some(context) => {
                let builder = builder.tls_provider(Provider::Rustls(CryptoMode::Ring));
                builder.tls_context(context.clone()).build()
            }
            None => builder.build_http(),
        }
    })
}

/// TLS that trusts these authorities, as PEM, and the system's.
fn trusting(authorities: Option<&[u8]>) -> Result<TlsContext> {
    let system = TrustStore::empty().with_native_roots(*SYSTEM_HAS_AUTHORITIES);
    let trusted = match authorities {
        Some(pem) => system.with_pem_certificate(pem),
        None => system,
    };
    TlsContext::builder().with_trust_store(trusted).build().map_err(|error| {
        Error::new(ErrorKind::Unexpected, "open", format!("TLS cannot be set up: {error}"))
            .with_advice("check the certificates in `s3.ca-file` and those that the system trusts")
            .with_source(error)
    })
}
