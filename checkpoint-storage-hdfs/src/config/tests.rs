use std::fs;

use super::*;

fn load_with(pairs: &[(&str, &str)], variables: Variables<'_>) -> Result<HdfsConfig> {
    HdfsConfig::load(&pairs.iter().copied().collect(), variables)
}

fn load(pairs: &[(&str, &str)]) -> Result<HdfsConfig> {
    load_with(pairs, &|_| None)
}

fn refused(pairs: &[(&str, &str)]) -> Error {
    let error = load(pairs).expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{error}");
    assert!(error.advice().is_some_and(|advice| !advice.is_empty()), "{error}");
    error
}

fn url(pairs: &[(&str, &str)]) -> String {
    load(pairs).expect("valid").url
}

/// Begins as a keytab does.
fn keytab_file() -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), KEYTAB).expect("written");
    file
}

/// The text of a file of Hadoop's.
fn site(pairs: &[(&str, &str)]) -> String {
    let properties: String = pairs
        .iter()
        .map(|(key, value)| {
            format!("<property><name>{key}</name><value>{value}</value></property>")
        })
        .collect();
    format!("<configuration>{properties}</configuration>")
}

const HA: [(&str, &str); 5] = [
    ("fs.defaultFS", "hdfs://blue"),
    ("dfs.nameservices", "blue"),
    ("dfs.ha.namenodes.blue", "nn1,nn2"),
    ("dfs.namenode.rpc-address.blue.nn1", "one:8020"),
    ("dfs.namenode.rpc-address.blue.nn2", "two:8020"),
];

#[test]
fn an_address_is_a_host_with_a_port_or_a_nameservice() {
    for (given, expected) in [
        ("hdfs://namenode:9000", "hdfs://namenode:9000"),
        ("HDFS://namenode:9000/", "hdfs://namenode:9000"),
        ("hdfs://namenode:9000/path", "hdfs://namenode:9000"),
        ("namenode:9000", "hdfs://namenode:9000"),
        ("hdfs://namenode", "hdfs://namenode:8020"),
    ] {
        assert_eq!(url(&[("fs.defaultFS", given)]), expected, "{given}");
    }
    for given in ["s3a://b", "hdfs://", "hdfs://:9000", "hdfs://h:port", "hdfs://u@h:1"] {
        refused(&[("fs.defaultFS", given)]);
    }
    refused(&[]);
    let config = load(&HA).expect("valid");
    assert_eq!((config.url.as_str(), config.namenodes()), ("hdfs://blue", 2));
    assert_eq!(config.namenode_addresses(), ["one:8020", "two:8020"]);
    let one = load(&[("fs.defaultFS", "hdfs://blue:1"), HA[2], HA[3]]).expect("valid");
    assert_eq!(one.namenode_addresses(), [""; 0], "its URL says it");
}

#[test]
fn a_nameservice_has_namenodes_with_addresses() {
    let listed = refused(&[("fs.defaultFS", "hdfs://blue"), ("dfs.nameservices", "red, blue")]);
    assert_eq!(listed.subject(), "`dfs.ha.namenodes.blue`");
    let error = refused(&HA[..4]);
    assert_eq!(error.subject(), "`dfs.namenode.rpc-address.blue.nn2`");
    refused(&[("fs.defaultFS", "hdfs://blue"), ("dfs.ha.namenodes.blue", " , ")]);
}

#[test]
fn a_mount_table_has_a_fallback() {
    let table = ("fs.defaultFS", "viewfs://red/");
    let mount = ("fs.viewfs.mounttable.red.linkFallback", "hdfs://blue/");
    let config = load(&[&[table, mount], &HA[1..]].concat()).expect("valid");
    assert_eq!((config.url.as_str(), config.namenodes()), ("viewfs://red", 2));
    assert_eq!(config.namenode_addresses(), ["one:8020", "two:8020"]);
    let error = refused(&[table, ("fs.viewfs.mounttable.red.link./a", "hdfs://blue/a")]);
    assert_eq!(error.subject(), "`fs.viewfs.mounttable.red.linkFallback`");
}

#[test]
fn the_client_s_own_retries_are_limited() {
    let time_out = |pairs: &[(&str, &str)]| {
        let mut config = load(pairs).expect("valid");
        config.limit_client(Duration::from_secs(2));
        config.site.get("dfs.client.socket-timeout").map(str::to_owned)
    };
    let address = ("fs.defaultFS", "hdfs://h:1");
    for (given, expected) in
        [("60000", "2000"), ("500", "500"), ("0", "2000"), ("a minute", "2000")]
    {
        let given = ("dfs.client.socket-timeout", given);
        assert_eq!(time_out(&[address, given]).as_deref(), Some(expected));
    }
    assert_eq!(time_out(&[address]).as_deref(), Some("2000"));
    for (pairs, failovers) in [(&HA[..], "1"), (&[address], "0")] {
        let mut config = load(pairs).expect("valid");
        config.limit_client(Duration::from_secs(2));
        assert_eq!(config.site.get("dfs.client.failover.max.attempts"), Some(failovers));
    }
}

#[test]
fn keys_are_taken_with_and_without_the_java_engine_s_prefix() {
    let prefixed: Vec<_> =
        HA[1..].iter().map(|(key, value)| (format!("seatunnel.hadoop.{key}"), *value)).collect();
    let mut pairs = vec![HA[0]];
    pairs.extend(prefixed.iter().map(|(key, value)| (key.as_str(), *value)));
    assert_eq!(
        load(&pairs).expect("valid").namenode_addresses(),
        load(&HA).expect("valid").namenode_addresses()
    );
    pairs.push(("dfs.namenode.rpc-address.blue.nn1", "own:1"));
    let site = load(&pairs).expect("valid").site;
    assert_eq!(site.get("dfs.namenode.rpc-address.blue.nn1"), Some("own:1"));
}

#[test]
fn what_is_written_here_beats_the_named_files_and_those_the_default_ones() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    for name in ["default", "named"] {
        fs::create_dir(path(name)).expect("made");
    }
    let replication = ("dfs.replication", "2");
    let default = [("fs.defaultFS", "hdfs://default:1"), replication, ("dfs.blocksize", "1m")];
    fs::write(path("default/core-site.xml"), site(&default)).expect("written");
    let named = [("fs.defaultFS", "hdfs://${host}:${env.PORT:-2}"), ("host", "named")];
    fs::write(path("named/hdfs-site.xml"), site(&named)).expect("written");
    let (default, named) = (path("default"), path("named"));
    let variables = |name: &str| match name {
        "HADOOP_CONF_DIR" => default.to_str().map(str::to_owned),
        _ => None,
    };
    let load = |pairs: &[(&str, &str)]| load_with(pairs, &variables).expect("valid");
    assert_eq!(load(&[]).url, "hdfs://default:1");
    assert_eq!((load(&[]).replication, load(&[]).block_size), (Some(2), Some(1 << 20)));
    let named_folder = named.to_str().expect("text");
    assert_eq!(load(&[("hdfs_site_path", named_folder)]).url, "hdfs://named:2");
    let file = named.join("hdfs-site.xml");
    let file = [("hdfs_site_path", file.to_str().expect("text")), ("host", "own")];
    assert_eq!(load(&file).url, "hdfs://own:2");
    refused(&[("hdfs_site_path", folder.path().to_str().expect("text"))]);
    refused(&[("hdfs_site_path", "/nowhere/site.xml")]);
}

#[test]
fn a_login_is_a_principal_with_a_keytab_that_can_be_read() {
    let keytab = keytab_file();
    let path = keytab.path().to_str().expect("text");
    let address = ("fs.defaultFS", "hdfs://h:1");
    let (principal, keytab) = (("kerberosPrincipal", "p@R"), ("kerberosKeytabFilePath", path));
    let config = load(&[address, principal, keytab]).expect("valid");
    assert_eq!(config.login.map(|login| login.principal).as_deref(), Some("p@R"));
    assert_eq!(config.site.get("hadoop.security.authentication"), Some("kerberos"));
    refused(&[address, principal]);
    refused(&[address, keytab]);
    let nobody = refused(&[address, ("hadoop.security.authentication", "kerberos")]);
    assert_eq!(nobody.subject(), "`hadoop.security.authentication`");
    let missing = refused(&[address, principal, ("kerberosKeytab", "/nowhere/at/all")]);
    assert_eq!(missing.subject(), "`kerberosKeytab`");
    fs::write(path, "no keytab").expect("written");
    assert!(refused(&[address, principal, keytab]).reason().contains("this is no keytab"));
}

#[test]
fn the_namespace_is_absolute_and_has_no_colon() {
    let address = ("fs.defaultFS", "hdfs://h:1");
    let namespace = |text| load(&[address, ("storageNameSpace", text)]).map(|it| it.namespace);
    assert_eq!(namespace("a//b/").expect("valid"), "/a/b");
    assert_eq!(namespace("/").expect("valid"), "");
    assert_eq!(load(&[address]).expect("valid").namespace, "/seatunnel/checkpoint");
    refused(&[address, ("storageNameSpace", "/a:b")]);
}

#[test]
fn the_user_is_configured_or_comes_from_the_environment_where_nobody_logs_in() {
    let variables = |name: &str| (name == "HADOOP_USER_NAME").then(|| "bob".to_owned());
    let address = ("fs.defaultFS", "hdfs://h:1");
    let config = load_with(&[address], &variables).expect("valid");
    assert_eq!(config.user.as_deref(), Some("bob"));
    for key in ["hadoop.user.name", "seatunnel.hadoop.hadoop.user.name"] {
        let config = load_with(&[address, (key, "eve")], &variables).expect("valid");
        assert_eq!(config.user.as_deref(), Some("eve"), "{key}");
    }
    let empty = |name: &str| (name == "HADOOP_USER_NAME").then(String::new);
    let error = load_with(&[address], &empty).expect_err("nobody");
    assert_eq!(error.subject(), "`HADOOP_USER_NAME`");
    let keytab = keytab_file();
    let keytab = keytab.path().to_str().expect("text");
    let login = [("kerberosPrincipal", "p@R"), ("kerberosKeytab", keytab)];
    let config = load_with(&[&[address], &login[..]].concat(), &variables).expect("valid");
    assert_eq!(config.user, None, "that would be impersonation");
    let error = refused(&[&[address, ("hadoop.user.name", "eve")], &login[..]].concat());
    assert_eq!(error.subject(), "`hadoop.user.name`");
}

#[test]
fn replicas_are_a_small_number() {
    let replication = |text| load(&[("fs.defaultFS", "hdfs://h:1"), ("dfs.replication", text)]);
    assert_eq!(replication("2").expect("valid").replication, Some(2));
    for text in ["0", "many", "16M", "513"] {
        assert_eq!(replication(text).expect_err(text).subject(), "`dfs.replication`");
    }
}

#[test]
fn every_key_is_documented() {
    assert!(keys().iter().all(|key| !key.description.is_empty()));
}
