//! Which server is spoken to, and in which region.

use checkpoint_storage_api::{PluginConfig, Result};
use checkpoint_storage_keys::rows::s3::{ENDPOINT, PATH_STYLE, REGION, SSL};
use checkpoint_storage_keys::values;

use super::{Variables, aws_variable, in_headers, wrong};

/// Where AWS's own servers are, with the variants for China.
const AWS_DOMAINS: [&str; 2] = [".amazonaws.com", ".amazonaws.com.cn"];
/// What requests are signed for where no region is known: AWS's first one, and what servers of
/// other kinds expect.
const DEFAULT_REGION: &str = "us-east-1";
const REGION_VARIABLES: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];

/// The server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// Its URL; `None` for AWS's server in the region.
    pub(crate) url: Option<String>,
    pub(crate) region: String,
    /// Whether the bucket stands in the path instead of the host's name.
    pub(crate) path_style: bool,
    pub(crate) is_aws: bool,
    /// Whether it is spoken to over TLS.
    pub(crate) tls: bool,
}

/// The way of a request, to be named where it leads nowhere.
#[derive(Debug, Clone, Default)]
pub(crate) struct Route {
    /// The URL of the server, without a path.
    pub(crate) server: String,
    /// The URL of the proxy before it.
    pub(crate) proxy: Option<String>,
    /// Whether the bucket is part of the host's name.
    pub(crate) bucket_in_host: bool,
}

impl Endpoint {
    /// The way of a request to `bucket`.
    pub(crate) fn route(&self, bucket: &str, proxy: Option<&str>) -> Route {
        let scheme = if self.tls { "https" } else { "http" };
        let regional = || {
            let domain = AWS_DOMAINS[usize::from(self.region.starts_with("cn-"))];
            format!("{scheme}://s3.{}{domain}", self.region)
        };
        let url = self.url.clone().unwrap_or_else(regional);
        let host = url.parse().ok().and_then(|uri: http::Uri| uri.host().map(str::to_owned));
        // The SDK puts no bucket before an address.
        let is_address = host
            .is_some_and(|host| host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok());
        let bucket_in_host = !self.path_style && !is_address;
        let server = match url.split_once("://") {
            Some((scheme, rest)) if bucket_in_host => format!("{scheme}://{bucket}.{rest}"),
            _ => url,
        };
        Route { server, proxy: proxy.map(str::to_owned), bucket_in_host }
    }

    pub(super) fn read(config: &PluginConfig, variables: Variables<'_>) -> Result<Self> {
        let tls = SSL.read(config, values::boolean)?;
        let given = ENDPOINT.given(config)?.map(|text| Address::parse(text, tls)).transpose()?;
        let by_name = given.as_ref().and_then(|address| region_in(&address.host));
        let region = match (REGION.given(config)?, by_name) {
            (Some(text), _) => Some(in_headers(REGION.name, text)?.to_owned()),
            (None, Some(region)) => Some(region),
            (None, None) => region_of(variables)?,
        };
        let is_aws = given.as_ref().is_none_or(|address| is_aws(&address.host));
        let path_style = match PATH_STYLE.given(config)? {
            Some(_) => PATH_STYLE.read(config, values::boolean)?,
            None => !is_aws,
        };
        // The central name stands for every region, and refuses requests signed for others.
        let address = given.filter(|address| address.host != "s3.amazonaws.com");
        Ok(Self {
            // Without an address it is the SDK that makes the URL, and always one of TLS.
            tls: address.as_ref().is_none_or(|address| address.tls),
            url: address.map(|address| address.url),
            region: region.unwrap_or_else(|| DEFAULT_REGION.to_owned()),
            path_style,
            is_aws,
        })
    }
}

/// The region that the environment names.
fn region_of(variables: Variables<'_>) -> Result<Option<String>> {
    let named =
        REGION_VARIABLES.iter().find_map(|name| Some((*name, aws_variable(variables, name)?)));
    named.map(|(name, text)| in_headers(name, &text).map(str::to_owned)).transpose()
}

struct Address {
    url: String,
    host: String,
    tls: bool,
}

impl Address {
    fn parse(text: &str, tls: bool) -> Result<Self> {
        let (scheme, host) = match text.split_once("://") {
            Some((scheme, host)) => (scheme, host),
            None => (if tls { "https" } else { "http" }, text),
        };
        let url = format!("{scheme}://{}", host.trim_end_matches('/'));
        let unfit = |problem: &str| {
            let advice =
                "write the server's URL, such as `http://minio:9000`, or its host and port";
            wrong(&ENDPOINT, problem, advice)
        };
        let uri: http::Uri = url.parse().map_err(|_| unfit("this is no URL"))?;
        let authority = uri.authority().ok_or_else(|| unfit("this names no host"))?;
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(unfit("its scheme is neither `http` nor `https`")),
        };
        if authority.as_str().contains('@') {
            return Err(unfit("it holds a user, which S3 has not"));
        }
        let has_port = authority.as_str().trim_start_matches(authority.host()).starts_with(':');
        if has_port && authority.port_u16().is_none() {
            return Err(unfit("its port is none: ports are numbers up to 65535"));
        }
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err(unfit(
                "it has a path: the bucket and the namespace have keys of their own",
            ));
        }
        Ok(Self { host: authority.host().to_ascii_lowercase(), url, tls })
    }
}

fn is_aws(host: &str) -> bool {
    AWS_DOMAINS.iter().any(|domain| host.ends_with(domain))
}

/// The region in the name of one of AWS's servers: `s3.REGION.amazonaws.com`,
/// `s3-REGION.amazonaws.com`, `bucket.vpce-1.s3.REGION.vpce.amazonaws.com` and the like.
fn region_in(host: &str) -> Option<String> {
    let name = AWS_DOMAINS.iter().find_map(|domain| host.strip_suffix(domain))?;
    let labels = name.rsplit('.');
    labels
        .map(|label| label.strip_prefix("s3-").unwrap_or(label))
        .find(|label| is_region(label))
        .map(str::to_owned)
}

/// Two letters, words, and a number: `eu-central-1`, `us-gov-west-1`.
fn is_region(label: &str) -> bool {
    let parts: Vec<_> = label.split('-').collect();
    let is_word = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    match parts[..] {
        [area, ref words @ .., number] if !words.is_empty() => {
            area.len() == 2
                && is_word(&area)
                && words.iter().all(is_word)
                && !number.is_empty()
                && number.bytes().all(|b| b.is_ascii_digit())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_names_the_host_that_is_asked() {
        let server = |url: Option<&str>, region: &str, path_style| {
            let endpoint = Endpoint {
                url: url.map(str::to_owned),
                region: region.to_owned(),
                path_style,
                is_aws: url.is_none(),
                tls: true,
            };
            endpoint.route("b", None).server
        };
        assert_eq!(server(None, "eu-west-1", false), "https://b.s3.eu-west-1.amazonaws.com");
        assert_eq!(server(None, "cn-north-1", true), "https://s3.cn-north-1.amazonaws.com.cn");
        assert_eq!(server(Some("http://minio:9000"), "", true), "http://minio:9000");
        assert_eq!(server(Some("http://minio:9000"), "", false), "http://b.minio:9000");
        assert_eq!(server(Some("http://10.0.0.1:9000"), "", false), "http://10.0.0.1:9000");
        assert_eq!(server(Some("http://[::1]:9000"), "", false), "http://[::1]:9000");
    }

    #[test]
    fn a_region_stands_in_the_name_of_a_server_of_aws() {
        for (host, region) in [
            ("s3.eu-central-1.amazonaws.com", Some("eu-central-1")),
            ("s3-eu-west-1.amazonaws.com", Some("eu-west-1")),
            ("s3.dualstack.us-east-2.amazonaws.com", Some("us-east-2")),
            ("s3-fips.us-gov-west-1.amazonaws.com", Some("us-gov-west-1")),
            ("bucket.vpce-1a2b.s3.us-east-1.vpce.amazonaws.com", Some("us-east-1")),
            ("s3.cn-north-1.amazonaws.com.cn", Some("cn-north-1")),
            ("s3.amazonaws.com", None),
            ("s3.eu-central-1.example.com", None),
            ("minio", None),
        ] {
            assert_eq!(region_in(host).as_deref(), region, "{host}");
        }
    }
}
