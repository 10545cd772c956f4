use std::path::Path;
use std::time::Duration;

use super::credentials::{CLASSES, Source};
use super::*;

fn no_variables(_: &str) -> Option<String> {
    None
}

fn load_with(pairs: &[(&str, &str)], variables: Variables<'_>) -> Result<S3Config> {
    let config = pairs.iter().copied().collect();
    S3Config::load(&config, variables)
}

fn load(pairs: &[(&str, &str)]) -> Result<S3Config> {
    load_with(pairs, &no_variables)
}

/// A bucket of AWS and an access key, and `more`.
fn keyed(more: &[(&str, &str)]) -> Result<S3Config> {
    let keys = [("fs.s3a.access-key", "id"), ("fs.s3a.secret-key", "hush")];
    load(&[&[("s3.bucket", "b")], &keys[..], more].concat())
}

fn refused(pairs: &[(&str, &str)]) -> Error {
    let error = load(pairs).expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{error}");
    assert!(error.advice().is_some_and(|advice| !advice.is_empty()), "{error}");
    assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
    error
}

#[test]
fn every_spelling_of_a_bucket_means_the_same_keys() {
    for spelling in ["b", "b/", "s3a://b", "s3n://b/", "s3://b", "S3A://b/", "s3a://b/path"] {
        let config = load(&[("s3.bucket", spelling)]).expect(spelling);
        assert_eq!(
            (&*config.bucket, &*config.prefix),
            ("b", "seatunnel/checkpoint/"),
            "{spelling}"
        );
    }
    let by_uri = load(&[("fs.defaultFS", "s3a://b/")]).expect("valid");
    assert_eq!(by_uri.bucket, "b");
    let both = load(&[("fs.defaultFS", "s3a://b"), ("s3.bucket", "b/")]).expect("they agree");
    assert_eq!(both.bucket, "b");
    for pairs in [
        &[][..],
        &[("s3.bucket", "/")],
        &[("s3.bucket", "a b")],
        &[("s3.bucket", "hdfs://b")],
        &[("fs.defaultFS", "hdfs://b")],
        &[("s3.bucket", "a"), ("fs.defaultFS", "s3a://b")],
    ] {
        refused(pairs);
    }
}

#[test]
fn keys_begin_with_the_namespace_without_a_slash() {
    for (namespace, prefix) in
        [("/a/b/", "a/b/"), ("a//b", "a/b/"), ("/", ""), ("", "seatunnel/checkpoint/")]
    {
        let pairs = [("s3.bucket", "b"), ("storageNameSpace", namespace)];
        assert_eq!(load(&pairs).expect("valid").prefix, prefix, "{namespace:?}");
    }
}

#[test]
fn a_custom_endpoint_has_the_bucket_in_the_path_and_aws_has_not() {
    let endpoint = |pairs: &[(&str, &str)]| keyed(pairs).expect("valid").endpoint;
    let aws = endpoint(&[]);
    assert_eq!((aws.url, &*aws.region, aws.path_style), (None, "us-east-1", false));
    let minio = endpoint(&[("fs.s3a.endpoint", "http://minio:9000/")]);
    assert_eq!(minio.url.as_deref(), Some("http://minio:9000"));
    assert!(minio.path_style && !minio.tls && !minio.is_aws);
    let named = endpoint(&[("fs.s3a.endpoint", "s3.eu-central-1.amazonaws.com")]);
    assert_eq!(named.url.as_deref(), Some("https://s3.eu-central-1.amazonaws.com"));
    assert_eq!((&*named.region, named.path_style), ("eu-central-1", false));
    let plain = [("fs.s3a.endpoint", "h:1"), ("fs.s3a.connection.ssl.enabled", "false")];
    assert_eq!(endpoint(&plain).url.as_deref(), Some("http://h:1"));
    let virtual_host = [("fs.s3a.endpoint", "h"), ("fs.s3a.path.style.access", "false")];
    assert!(!endpoint(&virtual_host).path_style);
    // The central name of AWS stands for all regions.
    let central =
        [("fs.s3a.endpoint", "s3.amazonaws.com"), ("fs.s3a.endpoint.region", "eu-west-3")];
    assert_eq!(endpoint(&central).url, None);
    // Where no server is named, there is none that TLS could be left off for.
    for endpoint_of_aws in ["", "s3.amazonaws.com", "http://s3.amazonaws.com"] {
        let pairs =
            [("fs.s3a.endpoint", endpoint_of_aws), ("fs.s3a.connection.ssl.enabled", "false")];
        let aws = endpoint(&pairs);
        assert_eq!((aws.url, aws.tls), (None, true), "{endpoint_of_aws:?}");
    }
    for wrong in [
        "http://h:99999",
        "http://h:port",
        "h:",
        "ftp://h",
        "http://",
        "http://h/path",
        "http://u@h",
        "h h",
    ] {
        refused(&[
            ("s3.bucket", "b"),
            ("fs.s3a.access-key", "id"),
            ("fs.s3a.secret-key", "hush"),
            ("fs.s3a.endpoint", wrong),
        ]);
    }
}

#[test]
fn the_region_comes_from_the_key_the_endpoint_or_the_environment() {
    let variables = |name: &str| (name == "AWS_REGION").then(|| "ap-south-1".to_owned());
    let region = |more: &[(&str, &str)]| {
        let pairs = [&[("s3.bucket", "b")], more].concat();
        load_with(&pairs, &variables).expect("valid").endpoint.region
    };
    assert_eq!(region(&[]), "ap-south-1");
    assert_eq!(region(&[("fs.s3a.endpoint", "s3-eu-west-1.amazonaws.com")]), "eu-west-1");
    let key = [("fs.s3a.endpoint", "s3.eu-west-1.amazonaws.com"), ("fs.s3a.endpoint.region", "x")];
    assert_eq!(region(&key), "x");
}

#[test]
fn what_a_bucket_has_of_its_own_comes_first() {
    let config = keyed(&[
        ("fs.s3a.endpoint", "general:1"),
        ("fs.s3a.bucket.b.endpoint", "http://own:2"),
        ("fs.s3a.bucket.b.access.key", "own"),
        ("fs.s3a.bucket.other.endpoint", "http://other:3"),
        ("fs.s3a.bucket.b.committer.name", "nobody reads it"),
    ])
    .expect("valid");
    assert_eq!(config.endpoint.url.as_deref(), Some("http://own:2"));
    assert_eq!(config.credentials.access_key.map(|key| key.id).as_deref(), Some("own"));
    let misspelt = refused(&[("s3.bucket", "b"), ("fs.s3a.bucket.b.secret.kee", "hush")]);
    assert_eq!(misspelt.subject(), "`fs.s3a.bucket.b.secret.kee`");
    assert!(misspelt.to_string().contains("`fs.s3a.bucket.b.secret.key`"), "{misspelt}");
}

#[test]
fn the_prefix_of_the_java_engine_is_taken_off() {
    let prefixed = ("seatunnel.hadoop.fs.s3a.endpoint", "http://prefixed:1");
    let config = keyed(&[prefixed]).expect("valid");
    assert_eq!(config.endpoint.url.as_deref(), Some("http://prefixed:1"));
    let config = keyed(&[prefixed, ("fs.s3a.endpoint", "http://bare:1")]).expect("valid");
    assert_eq!(config.endpoint.url.as_deref(), Some("http://bare:1"));
}

#[test]
fn providers_are_known_by_the_names_of_hadoop_and_aws() {
    let sources = |text: &str| {
        keyed(&[("fs.s3a.aws.credentials.provider", text), ("fs.s3a.session.token", "hush")])
            .expect(text)
            .credentials
            .sources
    };
    for (text, expected) in [
        (
            "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider",
            Source::AccessKey { with_token: false },
        ),
        (
            "org.apache.hadoop.fs.s3a.TemporaryAWSCredentialsProvider",
            Source::AccessKey { with_token: true },
        ),
        ("org.apache.hadoop.fs.s3a.AnonymousAWSCredentialsProvider", Source::Anonymous),
        ("com.amazonaws.auth.EnvironmentVariableCredentialsProvider", Source::Environment),
        ("org.apache.hadoop.fs.s3a.InstanceProfileCredentialsProvider", Source::Instance),
        ("org.apache.hadoop.fs.s3a.SharedInstanceProfileCredentialsProvider", Source::Instance),
        (
            "org.apache.hadoop.fs.s3a.auth.IAMInstanceCredentialsProvider",
            Source::ContainerOrInstance,
        ),
        ("com.amazonaws.auth.InstanceProfileCredentialsProvider", Source::Instance),
        ("software.amazon.awssdk.auth.credentials.ContainerCredentialsProvider", Source::Container),
        ("software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider", Source::Profile),
        ("com.amazonaws.auth.profile.ProfileCredentialsProvider", Source::Profile),
        ("com.amazonaws.auth.WebIdentityTokenCredentialsProvider", Source::WebIdentity),
        ("InstanceProfileCredentialsProvider", Source::Instance),
        ("process:/bin/give --fast", Source::Process("/bin/give --fast".to_owned())),
    ] {
        assert_eq!(sources(text), [expected], "{text}");
    }
    let ordered = "com.amazonaws.auth.EnvironmentVariableCredentialsProvider,\n \
                   org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider";
    assert_eq!(sources(ordered), [Source::Environment, Source::AccessKey { with_token: false }]);
}

#[test]
fn a_chain_of_aws_s_is_a_provider_too() {
    let chain =
        [Source::Environment, Source::WebIdentity, Source::Profile, Source::ContainerOrInstance];
    for class in
        ["DefaultCredentialsProvider", "com.amazonaws.auth.DefaultAWSCredentialsProviderChain"]
    {
        let config = keyed(&[("fs.s3a.aws.credentials.provider", class)]).expect(class);
        assert_eq!(config.credentials.sources, chain, "{class}");
    }
}

#[test]
fn every_class_that_is_known_is_documented() {
    let docs = include_str!("../../../docs/s3.md");
    for (class, _) in CLASSES {
        assert!(docs.contains(&format!("`{class}`")), "{class}");
    }
}

#[test]
fn an_empty_variable_of_aws_is_as_good_as_none() {
    let empty = |_: &str| Some(String::new());
    let bucket = ("s3.bucket", "b");
    let config = load_with(&[bucket], &empty).expect("valid");
    assert_eq!(config.endpoint.region, "us-east-1");
    assert!(config.credentials.web_identity.is_none());
    let custom = [bucket, ("fs.s3a.endpoint", "http://minio:9000")];
    assert!(load_with(&custom, &empty).is_err(), "there are no credentials");
}

#[test]
fn an_empty_password_of_the_keystores_is_one() {
    let pairs = [
        ("s3.bucket", "b"),
        ("fs.s3a.access-key", "id"),
        ("fs.s3a.secret-key", "hush"),
        ("hadoop.security.credential.provider.path", "jceks://file/nowhere/s3.jceks"),
        ("hadoop.security.credstore.java-keystore-provider.password-file", "/nowhere/password"),
    ];
    load_with(&pairs, &|_| Some(String::new())).expect("the file is not read");
    let error = refused(&pairs);
    assert!(error.reason().contains("/nowhere/password"), "{error}");
    let advice = error.advice().unwrap_or_default();
    assert!(!error.reason().contains(advice), "{error}");
}

#[test]
fn an_unknown_provider_is_refused_with_those_that_are_known() {
    for text in ["com.acme.InstanceProfileCredentialsProvider", "hush", ",", "process:", "Simple"] {
        let error = refused(&[("s3.bucket", "b"), ("fs.s3a.aws.credentials.provider", text)]);
        assert_eq!(error.subject(), "`fs.s3a.aws.credentials.provider`");
    }
    let error = refused(&[("s3.bucket", "b"), ("fs.s3a.aws.credentials.provider", "hush")]);
    let text = error.to_string();
    for known in CLASSES.iter().map(|row| row.0).chain(["process:"]) {
        assert!(text.contains(known), "{text}");
    }
}

#[test]
fn providers_that_cannot_give_anything_are_refused_or_passed_over() {
    let simple = "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider";
    let temporary = "org.apache.hadoop.fs.s3a.TemporaryAWSCredentialsProvider";
    let key = "fs.s3a.aws.credentials.provider";
    refused(&[("s3.bucket", "b"), (key, simple)]);
    let keys = [("s3.bucket", "b"), ("fs.s3a.access-key", "i"), ("fs.s3a.secret-key", "hush")];
    refused(&[&keys[..], &[(key, temporary)]].concat());
    let both = format!("{temporary},{simple}");
    let config = load(&[&keys[..], &[(key, &both)]].concat()).expect("the second can");
    assert_eq!(config.credentials.sources, [Source::AccessKey { with_token: false }]);
    refused(&[&keys[..], &[(key, &format!("{simple},AnonymousAWSCredentialsProvider"))]].concat());
    refused(&[("s3.bucket", "b"), ("fs.s3a.access-key", "i")]);
    refused(&[("s3.bucket", "b"), ("fs.s3a.secret-key", "hush")]);
}

#[test]
fn without_a_provider_it_is_the_access_key_or_what_the_server_s_kind_has() {
    let sources = |pairs: &[(&str, &str)]| load(pairs).expect("valid").credentials.sources;
    assert_eq!(sources(&[("s3.bucket", "b")]), [Source::Environment, Source::ContainerOrInstance]);
    let error = refused(&[("s3.bucket", "b"), ("fs.s3a.endpoint", "http://minio:9000")]);
    assert!(error.to_string().contains("no credentials"), "{error}");
    let variables = |name: &str| (name == "AWS_ACCESS_KEY_ID").then(|| "id".to_owned());
    let custom = [("s3.bucket", "b"), ("fs.s3a.endpoint", "http://minio:9000")];
    let config = load_with(&custom, &variables).expect("the environment has them");
    assert_eq!(config.credentials.sources, [Source::Environment]);
}

#[test]
fn a_role_needs_its_arn_and_credentials_to_ask_with() {
    let provider = (
        "fs.s3a.aws.credentials.provider",
        "org.apache.hadoop.fs.s3a.auth.AssumedRoleCredentialProvider",
    );
    refused(&[("s3.bucket", "b"), provider]);
    let role = keyed(&[
        provider,
        ("fs.s3a.assumed.role.arn", "arn:aws:iam::1:role/r"),
        ("fs.s3a.assumed.role.sts.endpoint", "sts.eu-west-1.amazonaws.com"),
        ("fs.s3a.assumed.role.session.duration", "1h"),
    ])
    .expect("valid")
    .credentials
    .role
    .expect("a role");
    assert_eq!(role.endpoint.as_deref(), Some("https://sts.eu-west-1.amazonaws.com"));
    assert_eq!(role.duration, Duration::from_secs(3600));
    assert_eq!(role.sources, [Source::AccessKey { with_token: false }]);
    let itself = ("fs.s3a.assumed.role.credentials.provider", "AssumedRoleCredentialProvider");
    let pairs = [("s3.bucket", "b"), provider, ("fs.s3a.assumed.role.arn", "a"), itself];
    refused(&pairs);
}

#[test]
fn a_web_identity_and_the_token_service_s_url_come_from_the_environment() {
    let provider = |class: &'static str| ("fs.s3a.aws.credentials.provider", class);
    let variables = |name: &str| {
        let value = match name {
            "AWS_ROLE_ARN" => "arn:aws:iam::1:role/r",
            "AWS_WEB_IDENTITY_TOKEN_FILE" => "/var/run/token",
            "AWS_ENDPOINT_URL" => "http://any",
            "AWS_ENDPOINT_URL_STS" => "http://sts",
            _ => return None,
        };
        Some(value.to_owned())
    };
    let credentials = |pairs: &[(&str, &str)], variables| {
        let bucket = [("s3.bucket", "b"), ("fs.s3a.assumed.role.arn", "arn")];
        load_with(&[&bucket[..], pairs].concat(), variables).expect("valid").credentials
    };

    let identity = [provider("WebIdentityTokenCredentialsProvider")];
    let found = credentials(&identity, &variables).web_identity.expect("the environment has one");
    assert_eq!(
        (&*found.arn, &*found.session_name),
        ("arn:aws:iam::1:role/r", "checkpoint-storage")
    );
    assert_eq!(found.token_file, Path::new("/var/run/token"));
    assert_eq!(found.endpoint.as_deref(), Some("http://sts"));
    assert!(credentials(&identity, &|_| None).web_identity.is_none());

    let role = [provider("AssumedRoleCredentialProvider")];
    let found = credentials(&role, &variables).role.expect("a role");
    assert_eq!(found.endpoint.as_deref(), Some("http://sts"));
    assert_eq!(found.sources, [Source::Environment]);
    let named = [role[0], ("fs.s3a.assumed.role.sts.endpoint", "http://named")];
    let found = credentials(&named, &variables).role.expect("a role");
    assert_eq!(found.endpoint.as_deref(), Some("http://named"));
}

#[test]
fn uploads_are_as_configured() {
    let upload = |pairs: &[(&str, &str)]| keyed(pairs).map(|config| config.upload);
    let by_default = upload(&[]).expect("valid");
    assert_eq!((by_default.threshold, by_default.part_len), (16 << 20, 8 << 20));
    assert_eq!((by_default.conditional, by_default.encryption), (ConditionalPut::Auto, None));
    assert!(by_default.checksum, "AWS takes checksums");
    let elsewhere = upload(&[("fs.s3a.endpoint", "http://minio:9000")]).expect("valid");
    assert!(!elsewhere.checksum);
    let kms = [
        ("fs.s3a.server-side-encryption-algorithm", "SSE-KMS"),
        ("fs.s3a.server-side-encryption.key", "k"),
    ];
    let kms = upload(&kms).expect("valid");
    assert_eq!(kms.encryption, Some(Encryption::Kms(Some("k".to_owned()))));
    for wrong in [
        ("fs.s3a.multipart.size", "1M"),
        ("fs.s3a.multipart.size", "6G"),
        ("s3.multipart-threshold", "many"),
        ("s3.conditional-put", "true"),
        ("s3.checksum", "yes"),
        ("fs.s3a.encryption.algorithm", "SSE-C"),
        ("fs.s3a.attempts.maximum", "0"),
        ("fs.s3a.connection.timeout", "0"),
        ("fs.s3a.proxy.port", "0"),
        ("fs.s3a.proxy.port", "70000"),
        ("s3.ca-file", "/dev/null"),
        ("s3.ca-file", "/nowhere/at/all"),
    ] {
        let error = upload(&[wrong]).expect_err(wrong.1);
        assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{error}");
        assert!(error.subject().contains(wrong.0), "{error}");
    }
    let keyed_aes = [("fs.s3a.encryption.algorithm", "AES256"), ("fs.s3a.encryption.key", "hush")];
    assert!(upload(&keyed_aes).is_err());
}

#[test]
fn a_proxy_has_both_of_a_login_or_neither() {
    let proxy = |pairs: &[(&str, &str)]| keyed(pairs).map(|config| config.transport.proxy);
    let host = ("fs.s3a.proxy.host", "proxy");
    let url = |proxy: Result<Option<transport::Proxy>>| proxy.expect("valid").expect("a proxy").url;
    assert_eq!(url(proxy(&[host])), "http://proxy:443");
    assert_eq!(url(proxy(&[host, ("fs.s3a.proxy.port", "3128")])), "http://proxy:3128");
    let user = ("fs.s3a.proxy.username", "user");
    assert!(proxy(&[host, user]).is_err());
    let login = proxy(&[host, user, ("fs.s3a.proxy.password", "hush")]).expect("valid");
    assert!(!format!("{login:?}").contains("hush"));
    assert!(proxy(&[("fs.s3a.proxy.host", "http://proxy")]).is_err());
}

#[test]
fn a_line_end_in_what_goes_into_headers_is_refused_by_name() {
    let role = [
        ("fs.s3a.aws.credentials.provider", "AssumedRoleCredentialProvider"),
        ("fs.s3a.assumed.role.arn", "arn"),
    ];
    let keys = [("s3.bucket", "b"), ("fs.s3a.access-key", "id"), ("fs.s3a.secret-key", "hush")];
    for (name, value) in [
        ("fs.s3a.access-key", "hush\n"),
        ("fs.s3a.secret-key", "hush\r\n"),
        ("fs.s3a.session.token", "hush\n"),
        ("fs.s3a.endpoint.region", "hush\n"),
        ("fs.s3a.assumed.role.sts.endpoint.region", "hush\u{7f}"),
    ] {
        let others = keys.iter().chain(&role).filter(|pair| pair.0 != name).copied();
        let pairs: Vec<_> = others.chain([(name, value)]).collect();
        let error = refused(&pairs);
        assert_eq!(error.subject(), format!("`{name}`"));
        assert!(error.advice().is_some_and(|advice| advice.contains("a line end")), "{error}");
    }
    let variables = |name: &str| (name == "AWS_REGION").then(|| "hush\n".to_owned());
    let error = load_with(&keys, &variables).expect_err("the region is no header's");
    assert_eq!(error.subject(), "`AWS_REGION`");
    assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
}

#[test]
fn nothing_that_is_kept_shows_a_secret() {
    let provider = ("fs.s3a.aws.credentials.provider", "process:give hush");
    let config = keyed(&[("fs.s3a.session.token", "hush"), provider]).expect("valid");
    let shown = format!("{config:?}");
    assert!(shown.contains("Process") && !shown.contains("hush"), "{shown}");
}

#[test]
fn every_key_is_documented() {
    assert!(keys().iter().all(|key| !key.description.is_empty()));
    assert_eq!(keys().len(), KEYS.len());
}
