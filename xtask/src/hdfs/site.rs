//! The configuration of a cluster: what its clients read, and what its nodes read beside that.

use std::path::Path;

use super::Options;
use crate::kdc::Realm;
use crate::ports;
use crate::process::{Context, Result};

/// The name of the service that two NameNodes stand behind.
const NAMESERVICE: &str = "checkpoints";

/// Hadoop's keys and values; of two with one key the last counts.
pub(super) type Settings = Vec<(String, String)>;

/// The ports of a cluster's nodes, which keep them for as long as it lives.
pub(super) struct Ports {
    namenodes: Vec<NamenodePorts>,
    datanodes: Vec<DatanodePorts>,
}

struct NamenodePorts {
    rpc: u16,
    http: u16,
}

struct DatanodePorts {
    transfer: u16,
    http: u16,
    ipc: u16,
}

impl Ports {
    pub(super) fn free(namenodes: usize, datanodes: usize) -> Result<Self> {
        let ports = ports::free(2 * namenodes + 3 * datanodes)?;
        let (of_namenodes, of_datanodes) = ports.split_at(2 * namenodes);
        let namenode = |ports: &[u16]| NamenodePorts { rpc: ports[0], http: ports[1] };
        let datanode =
            |ports: &[u16]| DatanodePorts { transfer: ports[0], http: ports[1], ipc: ports[2] };
        Ok(Self {
            namenodes: of_namenodes.chunks(2).map(namenode).collect(),
            datanodes: of_datanodes.chunks(3).map(datanode).collect(),
        })
    }

    pub(super) fn namenodes(&self) -> usize {
        self.namenodes.len()
    }

    pub(super) fn datanodes(&self) -> usize {
        self.datanodes.len()
    }

    /// The addresses of the NameNodes.
    pub(super) fn addresses(&self) -> Vec<String> {
        self.namenodes.iter().map(|ports| loopback(ports.rpc)).collect()
    }

    /// The DataNode that clients reach at this port.
    pub(super) fn datanode_at(&self, transfer: u16) -> Option<usize> {
        self.datanodes.iter().position(|ports| ports.transfer == transfer)
    }
}

/// What a cluster's configuration is made from.
pub(super) struct Site<'a> {
    pub(super) options: &'a Options,
    pub(super) ports: &'a Ports,
    pub(super) realm: Option<&'a Realm>,
    /// Where the nodes keep what they store.
    pub(super) folder: &'a Path,
}

impl Site<'_> {
    /// The URI of the file system.
    pub(super) fn file_system(&self) -> String {
        match self.ports.addresses().as_slice() {
            [address] => format!("hdfs://{address}"),
            _ => format!("hdfs://{NAMESERVICE}"),
        }
    }

    /// What a client needs.
    pub(super) fn of_clients(&self) -> Settings {
        let replication = self.ports.datanodes().min(3).to_string();
        let mut settings =
            owned(&[("fs.defaultFS", &self.file_system()), ("dfs.replication", &replication)]);
        if self.ports.namenodes() > 1 {
            settings.extend(self.nameservice());
        }
        if let (Some(protection), Some(realm)) = (self.options.kerberos, self.realm) {
            settings.extend(owned(&[
                ("hadoop.security.authentication", "kerberos"),
                ("hadoop.rpc.protection", protection.name()),
                ("dfs.data.transfer.protection", protection.name()),
                ("dfs.namenode.kerberos.principal", &realm.service("hdfs")),
            ]));
        }
        settings.extend(self.options.settings.iter().cloned());
        settings
    }

    /// What the nodes need.
    pub(super) fn of_nodes(&self) -> Settings {
        let tmp = self.path("tmp");
        let mut settings = owned(&[
            ("hadoop.tmp.dir", &tmp),
            // A DataNode that is gone is dead after 11 s: ten heartbeats and two of these.
            ("dfs.heartbeat.interval", "1"),
            ("dfs.namenode.heartbeat.recheck-interval", "500"),
            // Blocks that lost a replica get another one as soon.
            ("dfs.namenode.redundancy.interval.seconds", "1"),
            // Safe mode ends with the last report.
            ("dfs.namenode.safemode.extension", "0"),
            ("dfs.namenode.fs-limits.min-block-size", "1024"),
            // The system need not know the name of 127.0.0.1.
            ("dfs.namenode.datanode.registration.ip-hostname-check", "false"),
            ("dfs.ha.tail-edits.period", "1"),
        ]);
        if self.ports.namenodes() > 1 {
            let shared = format!("file://{}", self.path("shared-edits"));
            settings.extend(owned(&[("dfs.namenode.shared.edits.dir", &shared)]));
        }
        if let Some(realm) = self.realm {
            let keytab = realm.service_keytab().display().to_string();
            settings.extend(owned(&[
                ("hadoop.security.authorization", "true"),
                ("dfs.block.access.token.enable", "true"),
                // The ports are not the superuser's.
                ("ignore.secure.ports.for.testing", "true"),
                // Without it what is private is encrypted by 3DES, at a megabyte a second in clients
                // that are not optimized.
                ("dfs.encrypt.data.transfer.cipher.suites", "AES/CTR/NoPadding"),
                ("dfs.namenode.keytab.file", &keytab),
                ("dfs.datanode.keytab.file", &keytab),
                ("dfs.datanode.kerberos.principal", &realm.service("hdfs")),
                ("dfs.web.authentication.kerberos.principal", &realm.service("HTTP")),
                ("dfs.web.authentication.kerberos.keytab", &keytab),
            ]));
        }
        // What the options set counts here too.
        settings.extend(self.of_clients());
        settings
    }

    /// What a NameNode needs beside that.
    pub(super) fn of_namenode(&self, number: usize) -> Settings {
        let mut settings =
            owned(&[("dfs.namenode.name.dir", &self.path(&name("namenode", number)))]);
        if self.ports.namenodes() > 1 {
            settings.extend(owned(&[("dfs.ha.namenode.id", &id(number))]));
        } else {
            let NamenodePorts { rpc, http } = &self.ports.namenodes[number];
            settings.extend(owned(&[
                ("dfs.namenode.rpc-address", &loopback(*rpc)),
                ("dfs.namenode.http-address", &loopback(*http)),
            ]));
        }
        settings
    }

    /// What a DataNode needs beside that.
    pub(super) fn of_datanode(&self, number: usize) -> Settings {
        let DatanodePorts { transfer, http, ipc } = &self.ports.datanodes[number];
        owned(&[
            ("dfs.datanode.data.dir", &self.path(&name("datanode", number))),
            ("dfs.datanode.address", &loopback(*transfer)),
            ("dfs.datanode.http.address", &loopback(*http)),
            ("dfs.datanode.ipc.address", &loopback(*ipc)),
        ])
    }

    fn nameservice(&self) -> Settings {
        let keys = |what: &str, number| format!("dfs.namenode.{what}.{NAMESERVICE}.{}", id(number));
        let ids: Vec<_> = (0..self.ports.namenodes()).map(id).collect();
        let mut settings = vec![
            ("dfs.nameservices".to_owned(), NAMESERVICE.to_owned()),
            (format!("dfs.ha.namenodes.{NAMESERVICE}"), ids.join(",")),
            (
                format!("dfs.client.failover.proxy.provider.{NAMESERVICE}"),
                "org.apache.hadoop.hdfs.server.namenode.ha.ConfiguredFailoverProxyProvider"
                    .to_owned(),
            ),
        ];
        for (number, ports) in self.ports.namenodes.iter().enumerate() {
            settings.push((keys("rpc-address", number), loopback(ports.rpc)));
            settings.push((keys("http-address", number), loopback(ports.http)));
        }
        settings
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }
}

fn id(namenode: usize) -> String {
    format!("nn{namenode}")
}

fn name(what: &str, number: usize) -> String {
    format!("{what}-{number}")
}

fn loopback(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

fn owned(settings: &[(&str, &str)]) -> Settings {
    settings.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// Writes the two files that Hadoop reads: what HDFS alone knows is in the second, since its own
/// defaults come between them.
pub(super) fn write(folder: &Path, settings: &[(String, String)]) -> Result<()> {
    std::fs::create_dir_all(folder).context(folder.display())?;
    let (of_hdfs, common): (Vec<_>, Vec<_>) =
        settings.iter().partition(|(key, _)| key.starts_with("dfs."));
    for (name, settings) in [("core-site.xml", common), ("hdfs-site.xml", of_hdfs)] {
        let file = folder.join(name);
        std::fs::write(&file, xml(&settings)).context(file.display())?;
    }
    Ok(())
}

fn xml(settings: &[&(String, String)]) -> String {
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<configuration>\n".to_owned();
    for (key, value) in settings {
        let (key, value) = (escaped(key), escaped(value));
        text += &format!("  <property><name>{key}</name><value>{value}</value></property>\n");
    }
    text + "</configuration>\n"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ports(namenodes: u16) -> Ports {
        let namenode = |n: u16| NamenodePorts { rpc: 1000 + n, http: 2000 + n };
        let datanode = |n: u16| DatanodePorts { transfer: 3000 + n, http: 4000 + n, ipc: 5000 + n };
        Ports {
            namenodes: (0..namenodes).map(namenode).collect(),
            datanodes: (0..2).map(datanode).collect(),
        }
    }

    fn options(settings: &[(&str, &str)]) -> Options {
        let (kerberos, realm) = (None, None);
        let settings = owned(settings);
        Options { ha: false, datanodes: 2, kerberos, realm, separate: false, settings }
    }

    fn value<'a>(settings: &'a Settings, key: &str) -> Option<&'a str> {
        settings.iter().rev().find(|(other, _)| other == key).map(|(_, value)| value.as_str())
    }

    #[test]
    fn whatever_listens_does_so_on_loopback() {
        let (options, folder) = (options(&[]), Path::new("/f"));
        for namenodes in [1, 2] {
            let ports = ports(namenodes);
            let site = Site { options: &options, ports: &ports, realm: None, folder };
            let of_namenode = [site.of_nodes(), site.of_namenode(0)].concat();
            let suffix = if namenodes == 1 { "" } else { ".checkpoints.nn0" };
            for (key, address) in [
                (format!("dfs.namenode.rpc-address{suffix}"), "127.0.0.1:1000"),
                (format!("dfs.namenode.http-address{suffix}"), "127.0.0.1:2000"),
            ] {
                assert_eq!(value(&of_namenode, &key), Some(address), "{key}");
            }
            let of_datanode = site.of_datanode(1);
            for (key, address) in [
                ("dfs.datanode.address", "127.0.0.1:3001"),
                ("dfs.datanode.http.address", "127.0.0.1:4001"),
                ("dfs.datanode.ipc.address", "127.0.0.1:5001"),
            ] {
                assert_eq!(value(&of_datanode, key), Some(address));
            }
        }
    }

    #[test]
    fn a_client_finds_one_namenode_by_its_address_and_two_by_their_service() {
        let options = options(&[]);
        let (one, two) = (ports(1), ports(2));
        let site = |ports| Site { options: &options, ports, realm: None, folder: Path::new("/f") };
        let (alone, ha) = (site(&one).of_clients(), site(&two).of_clients());
        assert_eq!(value(&alone, "fs.defaultFS"), Some("hdfs://127.0.0.1:1000"));
        assert_eq!(value(&alone, "dfs.nameservices"), None);
        assert_eq!(value(&ha, "fs.defaultFS"), Some("hdfs://checkpoints"));
        assert_eq!(value(&ha, "dfs.ha.namenodes.checkpoints"), Some("nn0,nn1"));
        let second = "dfs.namenode.rpc-address.checkpoints.nn1";
        assert_eq!(value(&ha, second), Some("127.0.0.1:1001"));
    }

    #[test]
    fn what_the_options_set_counts_for_nodes_and_clients() {
        let options = options(&[("dfs.replication", "1"), ("dfs.heartbeat.interval", "9")]);
        let (ports, folder) = (ports(1), Path::new("/f"));
        let site = Site { options: &options, ports: &ports, realm: None, folder };
        for settings in [site.of_nodes(), site.of_clients()] {
            assert_eq!(value(&settings, "dfs.replication"), Some("1"));
            assert_eq!(value(&settings, "dfs.heartbeat.interval"), Some("9"));
        }
    }

    #[test]
    fn what_hdfs_alone_knows_is_in_its_own_file() {
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), &owned(&[("fs.a", "<&>"), ("dfs.b", "c")])).expect("written");
        let text = |name| std::fs::read_to_string(folder.path().join(name)).expect("there");
        let (common, of_hdfs) = (text("core-site.xml"), text("hdfs-site.xml"));
        assert!(common.contains("<name>fs.a</name><value>&lt;&amp;&gt;</value>"), "{common}");
        assert!(of_hdfs.contains("<name>dfs.b</name><value>c</value>"), "{of_hdfs}");
        assert!(!common.contains("dfs.b") && !of_hdfs.contains("fs.a"));
    }
}
