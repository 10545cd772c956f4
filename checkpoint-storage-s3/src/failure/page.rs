//! Pages of HTML, as proxies, portals and web servers send them for anything that they are asked.
//! S3 never does: nothing was stored, listed or deleted then.

use std::error::Error;
use std::fmt;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_smithy_runtime_api::box_error::BoxError;

/// A page came where S3 was asked.
#[derive(Debug)]
pub(super) struct PageError;

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a page of HTML")
    }
}

impl Error for PageError {}

/// Whether an answer is a page.
pub(super) fn is_page(response: &HttpResponse) -> bool {
    let content_type = response.headers().get("content-type").unwrap_or_default();
    content_type.trim_start().to_ascii_lowercase().starts_with("text/html")
}

/// Refuses a page that comes as a success, which the SDK would take for one.
#[derive(Debug)]
pub(crate) struct NoPages;

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

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_s3::primitives::SdkBody;

    #[test]
    fn a_page_is_known_by_its_type() {
        for (content_type, expected) in [
            ("text/html", true),
            (" Text/HTML; charset=utf-8", true),
            ("application/xml", false),
            ("text/plain", false),
            ("", false),
        ] {
            let mut response = HttpResponse::new(
                200_u16.try_into().expect("a status"),
                SdkBody::from("<html></html>"),
            );
            response.headers_mut().insert("content-type", content_type);
            assert_eq!(is_page(&response), expected, "{content_type}");
        }
    }
}
