//! HTTP: TLS, authorities, proxy.

use std::sync::LazyLock;

use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents, SharedHttpClient};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::box_error::BoxError;
use tracing::warn;

use crate::config::Transport;
use crate::failure::{PageError, is_page};

/// Whether the system trusts any authority: the SDK must not be told to look for them in vain.
static SYSTEM_HAS_AUTHORITIES: LazyLock<bool> = LazyLock::new(|| {
    let has_any = !rustls_native_certs::load_native_certs().certs.is_empty();
    if !has_any {
        warn!("this system trusts no authority: `s3.ca-file` must name those of TLS servers");
    }
    has_any
});

/// A client that speaks TLS if `tls`; without it, the system's authorities are not even read.
pub(super) fn http_client(transport: &Transport, tls: bool) -> SharedHttpClient {
    let proxy = transport.proxy.as_ref().map(|proxy| proxy.settings.clone());
    connecting(proxy, tls, transport.authorities.clone())
}

/// A client for what is on this machine or beside it, such as the metadata of an instance: by no
/// proxy.
pub(super) fn direct_client(transport: &Transport) -> SharedHttpClient {
    connecting(None, true, transport.authorities.clone())
}

fn connecting(
    proxy: Option<ProxyConfig>,
    tls: bool,
    authorities: Option<Vec<u8>>,
) -> SharedHttpClient {
    // Connectors are built when the first request is sent, one for each set of time-outs.
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut builder = Connector::builder();
        builder.set_connector_settings(settings.cloned());
        builder.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        builder.set_proxy_config(proxy.clone());
        match tls.then(|| trusting(authorities.as_deref())).flatten() {
            Some(context) => {
                let builder = builder.tls_provider(Provider::Rustls(CryptoMode::Ring));
                builder.tls_context(context).build()
            }
            None => builder.build_http(),
        }
    })
}

fn trusting(authorities: Option<&[u8]>) -> Option<TlsContext> {
    let system = TrustStore::empty().with_native_roots(*SYSTEM_HAS_AUTHORITIES);
    let trusted = match authorities {
        Some(pem) => system.with_pem_certificate(pem),
        None => system,
    };
    let context = TlsContext::builder().with_trust_store(trusted).build();
    context.inspect_err(|error| warn!(%error, "TLS cannot be set up")).ok()
}

/// Refuses a page of HTML that comes as a success, as portals and web servers send it for anything
/// that they are asked: nothing was stored, listed or deleted then.
#[derive(Debug)]
pub(super) struct NoPages;

impl Intercept for NoPages {
    fn name(&self) -> &'static str {
        "NoPages"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        match response.status().is_success() && is_page(response) {
            true => Err(PageError.into()),
            false => Ok(()),
        }
    }
}
