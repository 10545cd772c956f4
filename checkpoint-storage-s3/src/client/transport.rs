//! HTTP: TLS, authorities, proxy.

use aws_sdk_s3::config::SharedHttpClient;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use secrecy::ExposeSecret as _;
use tracing::warn;

use crate::config::{Proxy, Transport};

/// A client that speaks TLS if `tls`; without it, the system's authorities are not even read.
pub(super) fn http_client(transport: &Transport, tls: bool) -> SharedHttpClient {
    connecting(transport.proxy.as_ref().and_then(proxy_config), tls.then(|| trust(transport)))
}

/// A client for what is on this machine or beside it, such as the metadata of an instance: by no
/// proxy.
pub(super) fn direct_client(transport: &Transport) -> SharedHttpClient {
    connecting(None, Some(trust(transport)))
}

fn trust(transport: &Transport) -> TrustStore {
    let system = TrustStore::default();
    match &transport.authorities {
        Some(pem) => system.with_pem_certificate(pem.clone()),
        None => system,
    }
}

fn connecting(proxy: Option<ProxyConfig>, trust: Option<TrustStore>) -> SharedHttpClient {
    // Connectors are built when the first request is sent, one for each set of time-outs.
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut builder = Connector::builder();
        builder.set_connector_settings(settings.cloned());
        builder.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        builder.set_proxy_config(proxy.clone());
        let context =
            trust.clone().map(|trust| TlsContext::builder().with_trust_store(trust).build());
        match context {
            Some(Ok(context)) => builder
                .tls_provider(Provider::Rustls(CryptoMode::Ring))
                .tls_context(context)
                .build(),
            Some(Err(error)) => {
                warn!(%error, "TLS cannot be set up");
                builder.build_http()
            }
            None => builder.build_http(),
        }
    })
}

fn proxy_config(proxy: &Proxy) -> Option<ProxyConfig> {
    match ProxyConfig::all(&*proxy.url) {
        Ok(config) => Some(match &proxy.login {
            Some((user, password)) => config.with_basic_auth(user, password.expose_secret()),
            None => config,
        }),
        Err(error) => {
            warn!(%error, "the proxy cannot be used");
            None
        }
    }
}
