//! What the plugin `hdfs` reads, some of it together with `s3`.

use crate::key::{Key, Reader, Section::PluginConfig};
use crate::values::Value;

const HDFS: Reader = Reader::Plugins(&["hdfs"]);
const HDFS_AND_S3: Reader = Reader::Plugins(&["hdfs", "s3"]);

/// `kerberosPrincipal`
pub static KERBEROS_PRINCIPAL: Key = Key::new(
    PluginConfig,
    HDFS,
    "kerberosPrincipal",
    Value::Text,
    "the Kerberos principal to log in as",
)
.needs("kerberosKeytab");

/// `kerberosKeytab`
pub static KERBEROS_KEYTAB: Key = Key::new(
    PluginConfig,
    HDFS,
    "kerberosKeytab",
    Value::File,
    "the keytab with the principal's key; a file that this process can read",
)
.or(&["kerberosKeytabFilePath"])
.needs("kerberosPrincipal");

/// `hadoop.user.name`
pub static USER_NAME: Key = Key::new(
    PluginConfig,
    HDFS,
    "hadoop.user.name",
    Value::Text,
    "the user to act as where there is no Kerberos; by default `HADOOP_USER_NAME` of the environment, \
     or the user of the process",
);

/// `hdfs_site_path`
pub static SITE_PATH: Key = Key::new(
    PluginConfig,
    HDFS,
    "hdfs_site_path",
    Value::File,
    "a Hadoop XML file, or a folder with `core-site.xml` and `hdfs-site.xml`; what is not there is \
     taken from `HADOOP_CONF_DIR`, and a key given here beats both",
);

/// `seatunnel.hadoop.*`
pub static SEATUNNEL_HADOOP: Key = Key::new(
    PluginConfig,
    HDFS_AND_S3,
    "seatunnel.hadoop.*",
    Value::Text,
    "a key of Hadoop's behind a prefix, as the Java engine writes it; the prefix is taken off",
);

/// `dfs.*`
pub static DFS: Key = Key::new(
    PluginConfig,
    HDFS,
    "dfs.*",
    Value::Text,
    "a key of Hadoop's HDFS, such as those that name the NameNodes of a nameservice",
);

/// `hadoop.*`
pub static HADOOP: Key = Key::new(
    PluginConfig,
    HDFS_AND_S3,
    "hadoop.*",
    Value::Text,
    "a key of Hadoop's own, such as `hadoop.security.authentication`",
);

/// `hadoop.security.credential.provider.path`
pub static CREDENTIAL_PROVIDER_PATH: Key = Key::new(
    PluginConfig,
    HDFS_AND_S3,
    "hadoop.security.credential.provider.path",
    Value::Text,
    "keystores in which secrets are looked up first: `jceks://file/…` or `localjceks://file/…`, \
     several with commas between them",
);

/// `hadoop.security.credstore.java-keystore-provider.password-file`
pub static KEYSTORE_PASSWORD_FILE: Key = Key::new(
    PluginConfig,
    HDFS_AND_S3,
    "hadoop.security.credstore.java-keystore-provider.password-file",
    Value::File,
    "the file with the password of those keystores; `HADOOP_CREDSTORE_PASSWORD` in the environment \
     comes before it, and with neither it is Hadoop's own `none`",
);
