//! Why no answer came: what kept a connection from coming about, or broke it.

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::result::ConnectorError;
use checkpoint_storage_api::ErrorKind;
use rustls::{CertificateError, Error as TlsError};

use super::sources::{chain, find};
use super::{Failed, Meaning};
use crate::config::Route;

/// What kept a connection from coming about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// Nobody knows the host.
    Host,
    /// Nobody answers there.
    Peer,
    /// The proxy wants to know who asks.
    ProxyLogin,
    /// The proxy does not lead there.
    Proxy,
    Certificate(Flaw),
    /// What is there does not speak TLS.
    NoTls,
    /// Both sides speak TLS and do not come together.
    Tls,
}

/// What is wrong with a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    Authority,
    Host,
    Expired,
    Early,
    Other,
}

/// Where a request failed that got no answer.
pub(super) fn failed(error: &(dyn StdError + 'static)) -> Failed {
    if is_unconnected(error) {
        return Failed::Unconnected(Obstacle::of(error));
    }
    if find::<hyper::Error>(error).is_some_and(hyper::Error::is_parse) {
        return Failed::Foreign;
    }
    match find::<ConnectorError>(error).is_some_and(ConnectorError::is_timeout) {
        true => Failed::Silent,
        false => Failed::Unanswered,
    }
}

/// Whether a request failed before any of it was sent.
pub(crate) fn is_unsent(error: &(dyn StdError + 'static)) -> bool {
    find::<CredentialsError>(error).is_some() || is_unconnected(error)
}

fn is_unconnected(error: &(dyn StdError + 'static)) -> bool {
    find::<hyper_util::client::legacy::Error>(error).is_some_and(|error| error.is_connect())
}

impl Obstacle {
    fn of(error: &(dyn StdError + 'static)) -> Self {
        if let Some(error) = find::<TlsError>(error) {
            return Self::of_tls(error);
        }
        // These types are private to the HTTP library.
        let says = |words: &str| chain(error).any(|error| error.to_string() == words);
        if says("dns error") {
            Self::Host
        } else if says("tunnel error: proxy authorization required") {
            Self::ProxyLogin
        } else if says("tunnel error: unsuccessful")
            || says("tunnel error: unexpected end of file")
            || says("tunnel error: proxy response headers too long")
        {
            Self::Proxy
        } else {
            Self::Peer
        }
    }

    fn of_tls(error: &TlsError) -> Self {
        match error {
            TlsError::InvalidCertificate(error) => Self::Certificate(Flaw::of(error)),
            TlsError::InvalidMessage(_) => Self::NoTls,
            _ => Self::Tls,
        }
    }

    /// Whether it can go away by itself.
    pub(super) fn is_passing(self) -> bool {
        matches!(self, Self::Host | Self::Peer | Self::Proxy)
    }

    /// What it means on this way; `message` is what the library says.
    pub(super) fn meaning(self, message: &str, route: &Route) -> Meaning {
        use ErrorKind::{InvalidConfig, PermissionDenied, Unavailable};
        let server = &route.server;
        match (self, &route.proxy) {
            (Self::Host, None) => {
                let mut advice = "correct the host in `fs.s3a.endpoint`".to_owned();
                if route.bucket_in_host {
                    advice += ", or keep the bucket out of it: `fs.s3a.path.style.access: true`";
                }
                Meaning::new(
                    Unavailable,
                    format!("cannot find the host of {server}: {message}"),
                    advice,
                )
            }
            (Self::Peer, None) => Meaning::new(
                Unavailable,
                format!("cannot connect to {server}: {message}"),
                "check that the server is up, or correct `fs.s3a.endpoint`",
            ),
            (Self::Host | Self::Peer, Some(proxy)) => Meaning::new(
                Unavailable,
                format!("cannot connect to the proxy {proxy}: {message}"),
                "check that the proxy is up, or correct `fs.s3a.proxy.host` and `fs.s3a.proxy.port`",
            ),
            (Self::ProxyLogin, proxy) => proxy_login(proxy.as_deref().unwrap_or_default()),
            (Self::Proxy, proxy) => Meaning::new(
                Unavailable,
                format!(
                    "the proxy {} does not lead to {server}",
                    proxy.as_deref().unwrap_or_default()
                ),
                "check `fs.s3a.endpoint`, what the proxy allows, and whether `fs.s3a.proxy.host` \
                 is the right one",
            ),
            (Self::Certificate(flaw), _) => flaw.meaning(message, server),
            (Self::NoTls, _) => Meaning::new(
                InvalidConfig,
                format!("{server} does not speak TLS: {message}"),
                "write `http://` in `fs.s3a.endpoint`, or set \
                 `fs.s3a.connection.ssl.enabled: false`",
            ),
            (Self::Tls, _) => Meaning::new(
                PermissionDenied,
                format!("{server} and this process found no TLS that both take: {message}"),
                "check which versions and ciphers the server takes, and whether it wants a \
                 certificate of the client, which there is no key for",
            ),
        }
    }
}

/// A proxy refuses who asks.
pub(super) fn proxy_login(proxy: &str) -> Meaning {
    Meaning::new(
        ErrorKind::PermissionDenied,
        format!("the proxy {proxy} wants a login, or another one"),
        "set `fs.s3a.proxy.username` and `fs.s3a.proxy.password`",
    )
}

impl Flaw {
    fn of(error: &CertificateError) -> Self {
        use CertificateError::*;
        match error {
            UnknownIssuer | BadSignature => Self::Authority,
            NotValidForName | NotValidForNameContext { .. } => Self::Host,
            Expired | ExpiredContext { .. } => Self::Expired,
            NotValidYet | NotValidYetContext { .. } => Self::Early,
            _ => Self::Other,
        }
    }

    fn meaning(self, message: &str, server: &str) -> Meaning {
        use ErrorKind::{InvalidConfig, Unavailable};
        let message = message.trim_start_matches("invalid peer certificate: ");
        let (kind, what, advice) = match self {
            Self::Authority => (
                InvalidConfig,
                "is of an unknown authority".to_owned(),
                "name the certificate of the authority that signed it in `s3.ca-file`",
            ),
            Self::Host => (
                InvalidConfig,
                format!("is another host's: {message}"),
                "write a host that the certificate names into `fs.s3a.endpoint`",
            ),
            Self::Expired => (
                Unavailable,
                "has expired".to_owned(),
                "renew the server's certificate, or set the clock of this machine",
            ),
            Self::Early => (
                Unavailable,
                "is not valid yet".to_owned(),
                "set the clock of this machine, or give the server another certificate",
            ),
            // An authority's certificate that a server shows as its own has no type here.
            Self::Other if message.contains("CaUsedAsEndEntity") => (
                InvalidConfig,
                "is an authority's, which a server cannot have".to_owned(),
                "make the server one with `basicConstraints=CA:FALSE`, or sign one with the \
                 authority and name the authority's in `s3.ca-file`",
            ),
            Self::Other => (
                Unavailable,
                format!("cannot be used: {message}"),
                "give the server another certificate",
            ),
        };
        Meaning::new(kind, format!("the certificate of {server} {what}"), advice)
    }
}
