//! What the tests of S3 stand on does what it is for: the servers, the way to their objects, the
//! proxy before them, and the service that hands out credentials.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{Credentials, retry::RetryConfig};
use aws_sdk_s3::error::{DisplayErrorContext, SdkError};
use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use aws_sdk_s3::types::EncodingType;
use checkpoint_storage_api::{
    CheckpointStorage, CheckpointStorageFactory, Error, JobId, OpenOptions, PluginConfig, Result,
    async_trait,
};
use checkpoint_storage_conformance::Subject;
use checkpoint_storage_tests::s3::http::pass_on;
use checkpoint_storage_tests::s3::{
    Asked, FaultyProxy, ImdsServer, S3Places, S3Server, Shares, Troubles, in_process, servers,
};
use http_body_util::{BodyExt, Empty};
use hyper::{Method, Request, StatusCode};
use serde_json::Value;

const MIB: usize = 1 << 20;

/// A client that tries each request once.
fn impatient(server: &S3Server) -> Client {
    let config = server.client().config().to_builder().retry_config(RetryConfig::disabled());
    Client::from_conf(config.build())
}

/// The HTTP status of a failure; `None` where there was no answer.
fn status<E>(error: &SdkError<E>) -> Option<u16> {
    error.raw_response().map(|answer| answer.status().as_u16())
}

#[tokio::test]
async fn a_bare_client_stores_and_reads_on_each_server() {
    for server in servers() {
        let (bucket, client) = (server.new_bucket(), server.client());
        assert_ne!(bucket, server.new_bucket());
        // Beyond some size the client asks for leave before it sends the body.
        for size in [0, 1, 8 * MIB] {
            let key = format!("a b/任务%2F/{size}");
            let bytes = vec![7; size];
            let put = || client.put_object().bucket(&bucket).key(&key).if_none_match("*");
            put().body(bytes.clone().into()).send().await.expect("stored");
            let refused = put().body(vec![8].into()).send().await.expect_err("it is there");
            assert_eq!(status(&refused), Some(412));
            let object = client.get_object().bucket(&bucket).key(&key).send().await.expect("there");
            assert!(object.body.collect().await.expect("whole").into_bytes() == bytes);
        }
        assert_eq!(server.keys(&bucket).await.len(), 3);
        let other = S3Server { secret_key: "hush-another".to_owned(), ..server.clone() };
        let refused = other.client().list_objects_v2().bucket(&bucket).send().await;
        assert_eq!(status(&refused.expect_err("the wrong key")), Some(403));
    }
}

#[tokio::test]
async fn of_many_that_create_an_object_one_wins() {
    for server in servers() {
        let (bucket, client) = (server.new_bucket(), server.client());
        let mut creators = tokio::task::JoinSet::new();
        for n in 0..16 {
            let put = client.put_object().bucket(&bucket).key("a").if_none_match("*");
            creators.spawn(put.body(vec![n; MIB].into()).send());
        }
        let ends = creators.join_all().await;
        assert_eq!(ends.iter().filter(|end| end.is_ok()).count(), 1);
        for error in ends.iter().filter_map(|end| end.as_ref().err()) {
            assert!(matches!(status(error), Some(409 | 412)), "{error:?}");
        }
    }
}

#[tokio::test]
async fn a_key_is_encoded_in_listings_and_refused_where_it_is_too_long() {
    for server in servers() {
        let (bucket, client) = (server.new_bucket(), server.client());
        for key in ["100%/a", "\u{1}", &"x".repeat(300)] {
            let put = client.put_object().bucket(&bucket).key(key).body(vec![1].into());
            match put.send().await {
                Ok(_) => assert!(key.len() < 300),
                Err(error) => assert_eq!((key.len(), status(&error)), (300, Some(400))),
            }
        }
        let listing = client.list_objects_v2().bucket(&bucket).encoding_type(EncodingType::Url);
        let listing = listing.send().await.expect("listed");
        let keys: Vec<_> = listing.contents().iter().filter_map(|object| object.key()).collect();
        assert_eq!(keys, ["%01", "100%25/a"]);
    }
}

/// Temporary credentials have one, such as those of the metadata service.
#[tokio::test]
async fn the_server_in_this_process_takes_any_session_token() {
    let server = in_process();
    let token = Some("hush-token".to_owned());
    let keys = Credentials::new(&server.access_key, &server.secret_key, token, None, "the tests");
    let config = server.client().config().to_builder().credentials_provider(keys);
    Client::from_conf(config.build()).list_buckets().send().await.expect("allowed");
}

/// The storages do not matter here.
struct Nothing;

#[async_trait]
impl CheckpointStorageFactory for Nothing {
    async fn open(&self, _: PluginConfig, _: OpenOptions) -> Result<Arc<dyn CheckpointStorage>> {
        Err(Error::unsupported("open"))
    }
}

#[tokio::test]
async fn each_place_has_files_of_its_own() {
    for server in servers() {
        let places = S3Places::new(Nothing, server);
        let (here, there) =
            (places.place().await.expect("one"), places.place().await.expect("two"));
        let (files, others) = (here.medium().expect("files"), there.medium().expect("files"));
        let (job, longer) = (JobId::new("1").expect("an id"), JobId::new("11").expect("an id"));
        for name in ["b", "a", "é"] {
            files.write(&job, name, name.as_bytes()).await.expect("written");
        }
        files.write(&longer, "of another job", b"").await.expect("written");
        files.write(&job, "a", b"more").await.expect("replaced");
        assert_eq!(files.files(&job).await.expect("listed"), ["a", "b", "é"]);
        assert_eq!(files.read(&job, "a").await.expect("read"), "more");
        assert!(files.read(&job, "c").await.is_err());
        assert_eq!(others.files(&job).await.expect("listed"), [""; 0]);
    }
}

/// Stores so many objects through a proxy that makes this trouble, each tried once. How many were
/// acknowledged, how many are there, and what the proxy says.
async fn store_through(
    server: &S3Server,
    shares: Shares,
    count: usize,
) -> (usize, usize, Troubles) {
    let bucket = server.new_bucket();
    let proxy = FaultyProxy::new(server, shares, 5);
    let client = impatient(&proxy.server());
    let mut acknowledged = 0;
    for n in 0..count {
        let put = client.put_object().bucket(&bucket).key(n.to_string());
        match put.body(vec![1; 64 * 1024].into()).send().await {
            Ok(_) => acknowledged += 1,
            Err(error) if shares.refused > 0.0 => assert_eq!(status(&error), Some(503)),
            Err(error) => {
                let reason = DisplayErrorContext(&error).to_string();
                assert_eq!(reason.contains("reset by peer"), shares.reset > 0.0, "{reason}");
            }
        }
    }
    let troubles = proxy.troubles();
    proxy.all_well();
    let stored = proxy.server().keys(&bucket).await.len();
    assert_eq!(proxy.troubles(), Troubles { requests: troubles.requests + 1, ..troubles });
    (acknowledged, stored, troubles)
}

#[tokio::test]
async fn refused_requests_do_not_reach_the_server() {
    for server in servers() {
        let shares = Shares { refused: 0.5, ..Shares::default() };
        let (acknowledged, stored, troubles) = store_through(server, shares, 40).await;
        assert!((1..40).contains(&acknowledged), "{acknowledged}");
        assert_eq!((stored, troubles.refused), (acknowledged, 40 - acknowledged as u64));
    }
}

#[tokio::test]
async fn what_is_not_answered_is_stored_all_the_same() {
    for server in servers() {
        let shares = Shares { unanswered: 1.0, ..Shares::default() };
        let (acknowledged, stored, troubles) = store_through(server, shares, 10).await;
        assert_eq!((acknowledged, stored, troubles.unanswered), (0, 10, 10));
    }
}

#[tokio::test]
async fn connections_are_reset_before_and_after_the_server_stores() {
    for server in servers() {
        let shares = Shares { reset: 1.0, ..Shares::default() };
        let (acknowledged, stored, troubles) = store_through(server, shares, 40).await;
        let Troubles { reset_before, reset_inside, reset_after, .. } = troubles;
        assert!([reset_before, reset_inside, reset_after].iter().all(|&n| n > 0), "{troubles:?}");
        assert_eq!((acknowledged, stored as u64), (0, reset_after), "{troubles:?}");
    }
}

#[tokio::test]
async fn what_is_well_passes_as_it_is() {
    for server in servers() {
        let bucket = server.new_bucket();
        let proxy = FaultyProxy::new(server, Shares::default(), 1);
        let client = impatient(&proxy.server());
        let bytes = vec![3; 8 * MIB];
        let put = client.put_object().bucket(&bucket).key("a");
        put.body(bytes.clone().into()).send().await.expect("stored");
        let head = client.head_object().bucket(&bucket).key("a").send().await.expect("there");
        assert_eq!(head.content_length(), Some(bytes.len() as i64));
        let object = client.get_object().bucket(&bucket).key("a").send().await.expect("there");
        assert!(object.body.collect().await.expect("whole").into_bytes() == bytes);
        let missing = client.head_object().bucket(&bucket).key("b").send().await;
        assert_eq!(status(&missing.expect_err("not there")), Some(404));
        client.delete_object().bucket(&bucket).key("a").send().await.expect("deleted");
        assert_eq!(proxy.server().keys(&bucket).await, [""; 0]);
        assert_eq!(proxy.troubles(), Troubles { requests: 6, ..Troubles::default() });
    }
}

/// Asks for a URL with one header; the status and the body.
async fn ask(method: Method, url: &str, header: (&str, &str)) -> (StatusCode, String) {
    let address = url.strip_prefix("http://").expect("a URL").split('/').next().expect("a host");
    let path = &url["http://".len() + address.len()..];
    let request = Request::builder().method(method).uri(path).header("host", address);
    let request = request.header(header.0, header.1).body(Empty::<bytes::Bytes>::new());
    let answer = pass_on(request.expect("a request"), address).await.expect("an answer");
    let status = answer.status();
    let body = answer.into_body().collect().await.expect("a body").to_bytes();
    (status, String::from_utf8(body.to_vec()).expect("text"))
}

#[tokio::test]
async fn the_metadata_service_hands_credentials_to_who_has_a_token() {
    const TTL: &str = "x-aws-ec2-metadata-token-ttl-seconds";
    const TOKEN: &str = "x-aws-ec2-metadata-token";
    let service = ImdsServer::new("first", "hush-first", Duration::from_secs(90));
    let roles = service.endpoint() + "/latest/meta-data/iam/security-credentials/";
    let tokens = service.endpoint() + "/latest/api/token";

    assert_eq!(ask(Method::GET, &roles, ("accept", "*/*")).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(ask(Method::PUT, &tokens, (TTL, "0")).await.0, StatusCode::BAD_REQUEST);
    let (status, token) = ask(Method::PUT, &tokens, (TTL, "21600")).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(ask(Method::GET, &roles, (TOKEN, "hush")).await.0, StatusCode::UNAUTHORIZED);
    let (_, role) = ask(Method::GET, &roles, (TOKEN, &token)).await;
    let credentials = async || -> Value {
        let (status, body) = ask(Method::GET, &(roles.clone() + &role), (TOKEN, &token)).await;
        assert_eq!(status, StatusCode::OK);
        serde_json::from_str(&body).expect("JSON")
    };
    let first = credentials().await;
    assert_eq!((&first["Code"], &first["AccessKeyId"]), (&"Success".into(), &"first".into()));
    assert_eq!(first["SecretAccessKey"], "hush-first");
    let left = |document: &Value| {
        let expiration = document["Expiration"].as_str().expect("text");
        let expiration = DateTime::from_str(expiration, DateTimeFormat::DateTime).expect("a time");
        expiration.secs() - DateTime::from(SystemTime::now()).secs()
    };
    assert!((85..=90).contains(&left(&first)), "{}", left(&first));

    service.set_keys("second", "hush-second");
    service.set_life_time(Duration::from_secs(3600));
    let second = credentials().await;
    assert_eq!(second["AccessKeyId"], "second");
    assert!(left(&second) > 3000 && second["Token"] != first["Token"]);
    let asked = Asked { token: 1, role: 1, credentials: 2, refused: 3, container: 0 };
    assert_eq!(service.asked(), asked);
}

#[tokio::test]
async fn a_container_gets_credentials_for_its_authorization() {
    let service = ImdsServer::new("container", "hush-container", Duration::from_secs(90));
    let ask = |authorization: &'static str| {
        let uri = service.container_uri();
        async move { ask(Method::GET, &uri, ("authorization", authorization)).await }
    };
    assert_eq!(ask("none").await.0, StatusCode::OK);
    service.set_authorization("hush-bearer");
    assert_eq!(ask("none").await.0, StatusCode::UNAUTHORIZED);
    let (status, body) = ask("hush-bearer").await;
    let credentials: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!((status, &credentials["AccessKeyId"]), (StatusCode::OK, &"container".into()));
    assert_eq!(service.asked(), Asked { container: 2, refused: 1, ..Asked::default() });
}
