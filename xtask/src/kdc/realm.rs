//! The files of a realm.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::program;
use crate::process::{Context, Error, Result, run as run_command};

/// The realm's name.
pub(super) const NAME: &str = "CHECKPOINTS.TEST";

/// The users with a keytab each, and what `kadmin` is told of them.
const USERS: [(&str, &str); 3] = [("client", ""), ("other", ""), ("short", "-maxlife 30sec")];
/// What HDFS itself is called, and its web servers.
const SERVICES: [&str; 2] = ["hdfs/localhost", "HTTP/localhost"];
/// The name of the keytab that holds the services.
const SERVICE: &str = "service";

/// A realm in a folder.
pub(crate) struct Realm(PathBuf);

impl Realm {
    /// One that is there.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// Makes a realm whose KDC will listen on this port.
    pub(super) fn create(folder: &Path, port: u16) -> Result<Self> {
        std::fs::create_dir_all(folder).context(folder.display())?;
        let realm = Self(folder.to_owned());
        let write = |path: PathBuf, text: &str| std::fs::write(&path, text).context(path.display());
        write(realm.krb5_conf(), &krb5_conf(folder, port))?;
        write(realm.kdc_conf(), &kdc_conf(folder, port))?;
        realm.create_database()?;
        realm.add_principals()?;
        Ok(realm)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.0
    }

    /// What clients and servers read.
    pub(crate) fn krb5_conf(&self) -> PathBuf {
        self.0.join("krb5.conf")
    }

    fn kdc_conf(&self) -> PathBuf {
        self.0.join("kdc.conf")
    }

    /// The keytab of HDFS.
    pub(crate) fn service_keytab(&self) -> PathBuf {
        self.keytab(SERVICE)
    }

    /// The principal of HDFS, or of its web servers.
    pub(crate) fn service(&self, service: &str) -> String {
        format!("{service}/localhost@{NAME}")
    }

    fn keytab(&self, user: &str) -> PathBuf {
        self.0.join(format!("{user}.keytab"))
    }

    pub(super) fn set_environment(&self, command: &mut Command) {
        command.env("KRB5_CONFIG", self.krb5_conf()).env("KRB5_KDC_PROFILE", self.kdc_conf());
    }

    fn create_database(&self) -> Result<()> {
        let mut create = Command::new(program("kdb5_util")?);
        self.set_environment(&mut create);
        // The key is kept in a file beside the database; nobody types this.
        let password = format!("hush-{:032x}", fastrand::u128(..));
        create.args(["create", "-s", "-r", NAME, "-P", &password]).stdout(Stdio::null());
        // An error would show the arguments.
        run_command(&mut create).map_err(|_| Error::new("kdb5_util cannot make a database"))
    }

    fn add_principals(&self) -> Result<()> {
        let mut script = String::new();
        let mut add = |principal: &str, options: &str, keytab: PathBuf| {
            let keytab = keytab.display();
            script += &format!("addprinc -randkey {options} {principal}\n");
            script += &format!("ktadd -norandkey -k {keytab} {principal}\n");
        };
        for service in SERVICES {
            add(service, "", self.service_keytab());
        }
        for (user, options) in USERS {
            add(user, options, self.keytab(user));
        }
        let mut kadmin = Command::new(program("kadmin.local")?);
        self.set_environment(&mut kadmin);
        kadmin.args(["-r", NAME]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut kadmin = kadmin.spawn().context("kadmin.local")?;
        if let Some(mut input) = kadmin.stdin.take() {
            input.write_all(script.as_bytes()).context("kadmin.local")?;
        }
        kadmin.wait().context("kadmin.local")?;
        // It takes every command, whatever becomes of it.
        for user in USERS.iter().map(|(user, _)| *user).chain([SERVICE]) {
            let keytab = self.keytab(user);
            std::fs::metadata(&keytab).context(keytab.display())?;
        }
        Ok(())
    }
}

fn krb5_conf(folder: &Path, port: u16) -> String {
    format!(
        "\
[libdefaults]
 default_realm = {NAME}
 dns_lookup_realm = false
 dns_lookup_kdc = false
 dns_canonicalize_hostname = false
 rdns = false
 udp_preference_limit = 1
 default_ccache_name = FILE:{folder}/cache
[realms]
 {NAME} = {{
  kdc = 127.0.0.1:{port}
 }}
[domain_realm]
 localhost = {NAME}
",
        folder = folder.display()
    )
}

fn kdc_conf(folder: &Path, port: u16) -> String {
    format!(
        "\
[kdcdefaults]
 kdc_listen = 127.0.0.1:{port}
 kdc_tcp_listen = 127.0.0.1:{port}
[realms]
 {NAME} = {{
  database_name = {folder}/principal
  key_stash_file = {folder}/stash
  acl_file = {folder}/kadm5.acl
  max_life = 10h
  supported_enctypes = aes256-cts-hmac-sha1-96:normal aes128-cts-hmac-sha1-96:normal
 }}
[logging]
 kdc = FILE:{folder}/kdc.log
 default = FILE:{folder}/default.log
",
        folder = folder.display()
    )
}
