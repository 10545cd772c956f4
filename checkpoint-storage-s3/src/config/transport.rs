//! How bytes get to the server: its silence, a proxy, authorities.

use std::fmt;
use std::net::Ipv6Addr;
use std::time::Duration;

use aws_smithy_http_client::proxy::ProxyConfig;
use checkpoint_storage_api::{PluginConfig, Result};
use checkpoint_storage_keys::rows::s3::{
    CA_FILE, CONNECTION_TIMEOUT, PROXY_HOST, PROXY_PASSWORD, PROXY_PORT, PROXY_USERNAME,
};
use checkpoint_storage_keys::values::{self, Unfit};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Endpoint, wrong};

/// How bytes get to the server.
#[derive(Debug, Clone)]
pub(crate) struct Transport {
    /// How long the server may be silent.
    pub(crate) read_timeout: Duration,
    pub(crate) proxy: Option<Proxy>,
    /// Certificates of authorities to trust, as PEM.
    pub(crate) authorities: Option<Vec<u8>>,
}

/// What stands between this process and the server.
#[derive(Clone)]
pub(crate) struct Proxy {
    /// Without the login.
    pub(crate) url: String,
    /// With it.
    pub(crate) settings: ProxyConfig,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Transport {
    pub(super) fn read(config: &PluginConfig, endpoint: &Endpoint) -> Result<Self> {
        Ok(Self {
            read_timeout: CONNECTION_TIMEOUT.read(config, values::time)?,
            proxy: Proxy::read(config, endpoint)?,
            authorities: authorities(config)?,
        })
    }
}

impl Proxy {
    fn read(config: &PluginConfig, endpoint: &Endpoint) -> Result<Option<Self>> {
        let login = match (PROXY_USERNAME.given(config)?, PROXY_PASSWORD.given(config)?) {
            (Some(user), Some(password)) => Some((user, password)),
            (None, None) => None,
            _ => {
                return Err(wrong(
                    &PROXY_USERNAME,
                    "a proxy's user and password go together",
                    format!("give both or neither of it and `{}`", PROXY_PASSWORD.name),
                ));
            }
        };
        let port = match PROXY_PORT.given(config)? {
            Some(_) => PROXY_PORT.read(config, port)?,
            None if endpoint.tls => 443,
            None => 80,
        };
        let Some(host) = PROXY_HOST.given(config)? else { return Ok(None) };
        let unfit = || {
            let advice =
                format!("write the proxy's name alone, and its port into `{}`", PROXY_PORT.name);
            wrong(&PROXY_HOST, "this is no host", advice)
        };
        let url = format!("http://{}:{port}", host_in_url(host).ok_or_else(unfit)?);
        let settings = ProxyConfig::all(&*url).map_err(|_| unfit())?;
        let settings = match login {
            // It becomes part of a URL.
            Some((user, password)) => settings.with_basic_auth(encoded(user), encoded(password)),
            None => settings,
        };
        Ok(Some(Self { url, settings }))
    }
}

fn port(text: &str) -> Result<u16, Unfit> {
    u16::try_from(values::number(text, 1)?)
        .map_err(|_| Unfit::new("no port is above 65535", "write the proxy's port, such as `3128`"))
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// A host as it stands in a URL; `None` for what is none.
fn host_in_url(host: &str) -> Option<String> {
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    if bare.parse::<Ipv6Addr>().is_ok() {
        return Some(format!("[{bare}]"));
    }
    let is_sign = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    (!host.is_empty() && host.chars().all(is_sign)).then(|| host.to_owned())
}

/// The certificates in `s3.ca-file`; each must be one that the TLS library takes.
fn authorities(config: &PluginConfig) -> Result<Option<Vec<u8>>> {
    use rustls::pki_types::{CertificateDer, pem::PemObject as _};
    let Some(file) = CA_FILE.given(config)? else { return Ok(None) };
    let pem = std::fs::read(file).map_err(|error| {
        wrong(&CA_FILE, format!("{file}: {error}"), "name a file that this process can read")
            .with_source(error)
    })?;
    let unfit = |reason: &str| {
        wrong(
            &CA_FILE,
            format!("{file}: {reason}"),
            "give the certificates of the authorities as PEM (-----BEGIN CERTIFICATE-----)",
        )
    };
    let mut store = rustls::RootCertStore::empty();
    for (count, certificate) in (1..).zip(CertificateDer::pem_slice_iter(&pem)) {
        let certificate = certificate.map_err(|_| unfit("this is broken PEM"))?;
        store
            .add(certificate)
            .map_err(|_| unfit(&format!("what is marked as certificate {count} is none")))?;
    }
    match store.is_empty() {
        true => Err(unfit("it holds no certificate")),
        false => Ok(Some(pem)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_stands_alone() {
        for (host, in_url) in [
            ("proxy", Some("proxy")),
            ("proxy_1.example.com", Some("proxy_1.example.com")),
            ("10.0.0.1", Some("10.0.0.1")),
            ("::1", Some("[::1]")),
            ("[fe80::1]", Some("[fe80::1]")),
            ("", None),
            ("http://proxy", None),
            ("proxy:3128", None),
            ("user:hush@proxy", None),
            ("a b", None),
        ] {
            assert_eq!(host_in_url(host).as_deref(), in_url, "{host}");
        }
    }

    #[test]
    fn a_login_survives_being_part_of_a_url() {
        assert_eq!(encoded("us er@x"), "us%20er%40x");
        assert_eq!(encoded("/:%41?#"), "%2F%3A%2541%3F%23");
    }
}
