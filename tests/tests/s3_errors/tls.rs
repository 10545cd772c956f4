//! TLS: authorities, names, and ports that speak something else.

use checkpoint_storage_api::{CheckpointStorage, ErrorKind};
use checkpoint_storage_tests::s3::http::answer;
use checkpoint_storage_tests::s3::{Relay, S3Setup, in_process};
use rcgen::KeyPair;

use crate::authority::Authority;
use crate::storage::{TWICE, all_tell, config, job, open, refusal, store, told};

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_of_one_s_own_is_trusted_when_it_is_named() {
    let authority = Authority::new();
    let server = authority.before(in_process(), "127.0.0.1", true);
    let bucket = in_process().new_bucket();
    let unknown = told(
        ErrorKind::InvalidConfig,
        &["the certificate of", &server.endpoint, "unknown authority"],
        &["`s3.ca-file`"],
    );
    all_tell(&open(config(&server, &bucket, &[TWICE])).await, &unknown).await;
    let other = Authority::new();
    let of_other = [("s3.ca-file", other.file()), TWICE];
    all_tell(&open(config(&server, &bucket, &of_other)).await, &unknown).await;

    let trusting = [("s3.ca-file", authority.file()), TWICE];
    let storage = open(config(&server, &bucket, &trusting)).await;
    let entry = store(&storage, 1).await;
    storage.read(&job(), &entry.name).await.expect("read");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_for_another_host_or_time_is_told() {
    let authority = Authority::new();
    let trusting = [("s3.ca-file", authority.file()), TWICE];
    let server = authority.before(in_process(), "127.0.0.1", true);
    // The certificate is for an address, not for another name of it.
    let other = server.through(server.endpoint.replace("127.0.0.1", "localhost"));
    let expected = told(
        ErrorKind::InvalidConfig,
        &["the certificate of https://localhost:", "is another host's", "127.0.0.1"],
        &["`fs.s3a.endpoint`"],
    );
    all_tell(&open(config(&other, "b", &trusting)).await, &expected).await;

    let old = authority.before(in_process(), "127.0.0.1", false);
    let expected = told(
        ErrorKind::Unavailable,
        &["the certificate of", "has expired"],
        &["renew", "clock of this machine"],
    );
    all_tell(&open(config(&old, "b", &trusting)).await, &expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_speaks_the_other_protocol_is_told() {
    let plain = in_process();
    let expected = told(
        ErrorKind::InvalidConfig,
        &["does not speak TLS"],
        &["`http://`", "`fs.s3a.endpoint`", "`fs.s3a.connection.ssl.enabled: false`"],
    );
    let tls_to_plain = plain.through(plain.endpoint.replace("http:", "https:"));
    all_tell(&open(config(&tls_to_plain, "b", &[TWICE])).await, &expected).await;
    // Without a scheme it is TLS, as in S3A.
    let bare = plain.through(plain.host_and_port());
    all_tell(&open(config(&bare, "b", &[TWICE])).await, &expected).await;

    let tls = Authority::new().before(plain, "127.0.0.1", true);
    let plain_to_tls = tls.through(tls.endpoint.replace("https:", "http:"));
    let advice = ["`https://`", "`fs.s3a.endpoint`"];
    let expected = told(ErrorKind::Unavailable, &["is not S3's"], &advice).open();
    all_tell(&open(config(&plain_to_tls, "b", &[TWICE])).await, &expected).await;
    // Servers written in Go say it in words.
    let relay = Relay::answering(|_| {
        answer(
            400,
            "text/plain; charset=utf-8",
            "Client sent an HTTP request to an HTTPS server.\n",
        )
    });
    let expected =
        told(ErrorKind::InvalidConfig, &["status 400"], &["the server speaks TLS", "`https://`"]);
    all_tell(&open(config(&relay.server(plain), "b", &[TWICE])).await, &expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_authorities_that_is_none_is_refused_when_it_is_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = KeyPair::generate().expect("a key").serialize_pem();
    let begin = "-----BEGIN CERTIFICATE-----";
    for (text, problem) in [
        ("no PEM", "it holds no certificate"),
        ("", "it holds no certificate"),
        (&key, "it holds no certificate"),
        (&format!("{begin}\nMIIB\n"), "this is broken PEM"),
        (&format!("{begin}\naHVzaA==\n-----END CERTIFICATE-----\n"), "certificate 1 is none"),
    ] {
        let file = folder.path().join("ca.pem").display().to_string();
        std::fs::write(&file, text).expect("written");
        let error = refusal(config(in_process(), "b", &[("s3.ca-file", &file)])).await;
        assert_eq!(error.kind(), storage_host::ErrorKind::Config, "{error}");
        for part in ["`s3.ca-file`", &file, problem, begin] {
            assert!(error.to_string().contains(part), "no `{part}` in {error}");
        }
    }
    let missing = folder.path().join("missing").display().to_string();
    let error = refusal(config(in_process(), "b", &[("s3.ca-file", &missing)])).await;
    assert_eq!(error.kind(), storage_host::ErrorKind::Config, "{error}");
    assert!(error.to_string().contains(&missing), "{error}");
}

/// As in a small container.
#[tokio::test(flavor = "multi_thread")]
async fn a_system_that_trusts_nobody_is_told_of_the_file_of_authorities() {
    let server = Authority::new().before(in_process(), "127.0.0.1", true);
    let setup = S3Setup::new(in_process());
    let yaml = std::fs::read_to_string(setup.configuration()).expect("written");
    setup.write_configuration(&yaml.replace(&in_process().endpoint, &server.endpoint));
    let mut command = setup.command(["jobs"]);
    command.env("SSL_CERT_FILE", "/dev/null").env("SSL_CERT_DIR", "/nowhere");
    let output = command.output().expect("started");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("this system trusts no authority"), "{said}");
    assert!(said.contains("is of an unknown authority"), "{said}");
}
