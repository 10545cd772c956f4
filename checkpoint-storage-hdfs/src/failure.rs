//! What an error of the client means to the caller, and what to do about it.

use std::fmt::Display;
use std::io;

use checkpoint_storage_api::{Error, ErrorKind};
use hdfs_native::HdfsError;

use crate::config::Login;

/// What went wrong, in terms that this plugin decides by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cause {
    pub(crate) class: Class,
    /// In a line.
    reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// There is no such file or directory.
    Missing,
    /// Something of that name is there.
    Taken,
    /// Something is in the directory.
    NotEmpty,
    /// The NameNode only reads for now.
    SafeMode,
    /// The NameNode asks to be called again.
    Busy,
    /// No NameNode is active for now.
    Standby,
    /// No NameNode could be reached: nothing was asked of one.
    Unreached,
    /// The connection broke before the answer: what was asked may have been done.
    Unanswered,
    /// No answer came in time: likewise.
    TimedOut,
    /// The client panicked: likewise.
    Panicked,
    /// The NameNode closes every connection before it answers anything.
    HungUp,
    /// DataNodes failed.
    DataNodes,
    /// The NameNode knows of no DataNode that would take a block.
    NoDataNodes,
    /// The cluster wants a file to have more replicas.
    TooFewReplicas,
    /// The files of this writer are no longer its own.
    LostLease,
    /// Who asks may not.
    Forbidden,
    /// Who asks is not known, or cannot show who it is.
    Unauthenticated,
    /// There is no room.
    Full,
    /// The name cannot be one of HDFS.
    BadName,
    /// A file is where a directory should be, or the other way round.
    WrongFileType,
    /// What was read is not what was written.
    Corrupt,
    /// This client or this cluster cannot do it.
    Unsupported,
    /// The library of Kerberos is not installed.
    NoLibrary,
    /// Something else.
    Other,
}

/// Java's names of errors, without their packages.
const CLASSES: [(&str, Class); 31] = [
    ("PathIsNotEmptyDirectoryException", Class::NotEmpty),
    ("FileNotFoundException", Class::Missing),
    ("FileAlreadyExistsException", Class::Taken),
    ("SafeModeException", Class::SafeMode),
    ("RetriableException", Class::Busy),
    ("StandbyException", Class::Standby),
    ("ObserverRetryOnActiveException", Class::Standby),
    ("NotReplicatedYetException", Class::DataNodes),
    ("ReplicaNotFoundException", Class::DataNodes),
    ("LeaseExpiredException", Class::LostLease),
    ("RecoveryInProgressException", Class::LostLease),
    ("AlreadyBeingCreatedException", Class::LostLease),
    ("AccessControlException", Class::Forbidden),
    ("AuthorizationException", Class::Forbidden),
    ("SnapshotAccessControlException", Class::Forbidden),
    ("SaslException", Class::Unauthenticated),
    ("GSSException", Class::Unauthenticated),
    ("SecretManager$InvalidToken", Class::Unauthenticated),
    ("InvalidToken", Class::Unauthenticated),
    ("NSQuotaExceededException", Class::Full),
    ("DSQuotaExceededException", Class::Full),
    ("QuotaByStorageTypeExceededException", Class::Full),
    ("DiskOutOfSpaceException", Class::Full),
    ("InvalidPathException", Class::BadName),
    ("PathComponentTooLongException", Class::BadName),
    ("FSLimitException$PathComponentTooLongException", Class::BadName),
    ("FSLimitException$MaxDirectoryItemsExceededException", Class::Full),
    ("ParentNotDirectoryException", Class::WrongFileType),
    ("ChecksumException", Class::Corrupt),
    ("RpcNoSuchMethodException", Class::Unsupported),
    ("UnsupportedOperationException", Class::Unsupported),
];

impl Cause {
    fn new(class: Class, reason: impl Into<String>) -> Self {
        Self { class, reason: reason.into() }
    }

    /// What is behind an error of the client.
    pub(crate) fn of(error: &HdfsError) -> Self {
        match error {
            HdfsError::IOError(error) => Self::new(of_io(error), one_line(error)),
            HdfsError::RPCError(java, text) | HdfsError::FatalRPCError(java, text) => {
                Self::of_java(java, text)
            }
            HdfsError::FileNotFound(_) => Self::new(Class::Missing, "there is no such file"),
            HdfsError::AlreadyExists(_) => Self::new(Class::Taken, "the name is taken"),
            HdfsError::DataTransferError(text) => Self::new(Class::DataNodes, first_line(text)),
            HdfsError::BlocksNotFound(_) => {
                Self::new(Class::DataNodes, "no DataNode has a block of it")
            }
            HdfsError::ChecksumError => {
                Self::new(Class::Corrupt, "what a DataNode sent does not fit its checksum")
            }
            HdfsError::InvalidPath(text) => Self::new(Class::BadName, first_line(text)),
            HdfsError::IsADirectoryError(_) => Self::new(Class::WrongFileType, "it is a directory"),
            HdfsError::OperationFailed(text) => Self::of_failed(text),
            HdfsError::UnsupportedFeature(text)
            | HdfsError::UnsupportedErasureCodingPolicy(text) => {
                Self::new(Class::Unsupported, first_line(text))
            }
            HdfsError::SASLError(_) | HdfsError::GSSAPIError(..) | HdfsError::NoSASLMechanism => {
                Self::new(Class::Unauthenticated, one_line(error))
            }
            HdfsError::InvalidRPCResponse(_) => Self::new(Class::Unanswered, one_line(error)),
            _ => Self::new(Class::Other, one_line(error)),
        }
    }

    fn of_java(java: &str, text: &str) -> Self {
        let simple = java.rsplit('.').next().unwrap_or(java);
        let class = match CLASSES.iter().find(|(name, _)| *name == simple) {
            // Hadoop's word for a path that leads through a file.
            Some((_, Class::Forbidden)) if text.contains("is not a directory") => {
                Class::WrongFileType
            }
            Some((_, class)) => *class,
            None => of_text(text),
        };
        Self::new(class, format!("{simple}: {}", first_line(text)))
    }

    fn of_failed(text: &str) -> Self {
        let has = |part: &str| text.contains(part);
        let class = if has("complete file in time") {
            Class::DataNodes
        } else if has("not supported for erasure-coded files") {
            Class::Unsupported
        } else if has("load libgssapi") {
            Class::NoLibrary
        } else {
            Class::Other
        };
        Self::new(class, first_line(text))
    }

    /// The same, of a step in which DataNodes take part and no file gets its name: it was they that
    /// could not be reached, and nothing was done that anyone can see.
    pub(crate) fn while_writing(self) -> Self {
        match self.class {
            Class::Unreached | Class::Unanswered | Class::TimedOut | Class::Panicked => {
                Self { class: Class::DataNodes, ..self }
            }
            _ => self,
        }
    }

    /// A NameNode that hangs up on whoever asks without a login.
    pub(crate) fn hung_up() -> Self {
        let reason = "the NameNode closes connections before it answers: the port may not be \
                      its RPC port, or it requires Kerberos";
        Self::new(Class::HungUp, reason)
    }

    /// The same, of a nameservice of these NameNodes.
    pub(crate) fn of_namenodes(self, addresses: &[&str]) -> Self {
        use Class::{HungUp, Standby, TimedOut, Unanswered, Unreached};
        let concerns_namenodes =
            matches!(self.class, Unreached | Unanswered | TimedOut | HungUp | Standby);
        if addresses.is_empty() || !concerns_namenodes {
            return self;
        }
        let reason = format!("{} (NameNodes: {})", self.reason, addresses.join(", "));
        Self { reason, ..self }
    }

    /// The same, of who logs in like this. The library of Kerberos speaks of a missing cache whatever
    /// kept it from a ticket: there never is one.
    pub(crate) fn of_login(self, login: &Login) -> Self {
        if self.class != Class::Unauthenticated || !self.reason.contains("No credentials") {
            return self;
        }
        let Login { principal, keytab } = login;
        let reason = format!(
            "{principal} gets no ticket with {}: the keytab lacks the principal or holds an old key \
             of it, or no KDC is reached that knows it",
            keytab.display()
        );
        Self { reason, ..self }
    }

    /// The same, or what failed `before` if this is only that no time was left for another try.
    pub(crate) fn or(self, before: Option<Self>) -> Self {
        match before {
            Some(before) if self.class == Class::TimedOut => before,
            _ => self,
        }
    }

    /// A step that did not end in time.
    pub(crate) fn timed_out() -> Self {
        Self::new(Class::TimedOut, "no answer came in time")
    }

    /// A file that should be a directory.
    pub(crate) fn not_a_directory() -> Self {
        Self::new(Class::WrongFileType, "it is a file, not a directory")
    }

    /// A step in which the client panicked.
    pub(crate) fn panicked() -> Self {
        Self::new(Class::Panicked, "the HDFS client panicked, which is a bug in it")
    }

    /// Whether a NameNode answered, be it with an error.
    pub(crate) fn is_an_answer(&self) -> bool {
        use Class::*;
        !matches!(
            self.class,
            Unreached | Unanswered | TimedOut | Panicked | HungUp | Unauthenticated | NoLibrary
        )
    }

    /// Whether the same can succeed soon.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(
            self.class,
            Class::SafeMode
                | Class::Busy
                | Class::Standby
                | Class::Unreached
                | Class::Unanswered
                | Class::TimedOut
                | Class::Panicked
                | Class::DataNodes
                | Class::NoDataNodes
                | Class::LostLease
        )
    }

    /// Whether what was asked may have been done all the same.
    pub(crate) fn may_have_applied(&self) -> bool {
        use Class::{HungUp, Panicked, TimedOut, Unanswered};
        matches!(self.class, Unanswered | TimedOut | Panicked | HungUp)
    }

    /// The error of `operation` on `subject`.
    pub(crate) fn into_error(self, operation: &'static str, subject: impl Display) -> Error {
        let (kind, advice) = match self.class {
            Class::Missing => (ErrorKind::NotFound, ""),
            Class::Taken => (ErrorKind::AlreadyExists, ""),
            Class::SafeMode => (
                ErrorKind::Unavailable,
                "the NameNode is in safe mode, as it is after a start: wait, or see \
                 `hdfs dfsadmin -safemode get`",
            ),
            Class::Busy => (ErrorKind::Unavailable, "the NameNode is busy or starting: try again"),
            Class::Standby => {
                (ErrorKind::Unavailable, "no NameNode is active: see to the fail-over")
            }
            Class::Unreached => (
                ErrorKind::Unavailable,
                "check that the NameNode is up, and its host and port in `fs.defaultFS` or \
                 `dfs.namenode.rpc-address.…`",
            ),
            Class::Unanswered | Class::TimedOut | Class::Panicked => (
                ErrorKind::TimedOut,
                "check that the NameNode and the DataNodes answer and that `fs.defaultFS` has the \
                 NameNode's RPC port, or raise `operation-timeout`",
            ),
            Class::HungUp => (
                ErrorKind::Unavailable,
                "check that a NameNode is at the host and port of `fs.defaultFS`, and give \
                 `kerberosPrincipal` and `kerberosKeytab` if the cluster is secure",
            ),
            Class::DataNodes | Class::NoDataNodes => (
                ErrorKind::Unavailable,
                "check that enough DataNodes are up, with room: see `hdfs dfsadmin -report`",
            ),
            Class::TooFewReplicas => {
                (ErrorKind::InvalidConfig, "raise `dfs.replication`, or leave it to the cluster")
            }
            Class::LostLease => (
                ErrorKind::Unavailable,
                "something else took the file over: make sure that each job has one writer",
            ),
            Class::Forbidden => (
                ErrorKind::PermissionDenied,
                "give the user access to the namespace's directory: see `hdfs dfs -ls -d`",
            ),
            Class::Unauthenticated => (
                ErrorKind::PermissionDenied,
                "check `kerberosPrincipal` and `kerberosKeytab`, the realm in krb5.conf, the clock, \
                 and that `hadoop.security.authentication` and `dfs.data.transfer.protection` are \
                 the cluster's",
            ),
            Class::Full => {
                (ErrorKind::NoSpace, "free space, raise the quota, or delete old checkpoints")
            }
            Class::BadName => (ErrorKind::InvalidInput, "use a shorter or plainer name"),
            Class::WrongFileType => (
                ErrorKind::InvalidInput,
                "look at what lies there: see `hdfs dfs -ls`; a file may be where a directory should \
                 be",
            ),
            Class::Corrupt => (
                ErrorKind::Corrupt,
                "look into the DataNodes' logs, and restore an older checkpoint",
            ),
            Class::Unsupported => (ErrorKind::Unsupported, ""),
            Class::NoLibrary => (
                ErrorKind::Unsupported,
                "install the library of Kerberos: `libgssapi-krb5-2` of Debian and Ubuntu, \
                 `krb5-libs` of RHEL",
            ),
            Class::NotEmpty | Class::Other => (ErrorKind::Unexpected, ""),
        };
        let error =
            Error::new(kind, operation, self.reason.clone()).with_subject(subject).with_retryable(
                self.is_transient() || matches!(self.class, Class::Full | Class::HungUp),
            );
        if advice.is_empty() { error } else { error.with_advice(advice) }
    }
}

fn of_io(error: &io::Error) -> Class {
    use io::ErrorKind::*;
    match error.kind() {
        ConnectionRefused | HostUnreachable | NetworkUnreachable | AddrNotAvailable
        // The last two: the address itself is at fault.
        | NotConnected | NotFound | InvalidInput => Class::Unreached,
        // A failed lookup has no kind in stable Rust.
        _ if error.to_string().starts_with("failed to lookup address") => Class::Unreached,
        _ => Class::Unanswered,
    }
}

/// Errors that Java throws as plain `IOException`s.
fn of_text(text: &str) -> Class {
    let has = |part: &str| text.contains(part);
    if has("could only be written to") || has("minReplication nodes") || has("datanode(s)") {
        Class::NoDataNodes
    } else if has("replication") && has("less than the required minimum") {
        Class::TooFewReplicas
    } else if has("SIMPLE authentication is not enabled") {
        Class::Unauthenticated
    } else if has("Name node is in safe mode") {
        Class::SafeMode
    } else if has("Invalid path name") || has("Invalid file name") {
        Class::BadName
    } else {
        Class::Other
    }
}

/// Java appends its stack, a line each.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_owned()
}

fn one_line(error: &dyn Display) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn java(name: &str, text: &str) -> Cause {
        Cause::of(&HdfsError::RPCError(name.to_owned(), text.to_owned()))
    }

    #[test]
    fn java_s_names_are_typed_and_its_stacks_cut() {
        let stack = "Permission denied: user=bob\n\tat org.apache.hadoop.X.y(X.java:1)";
        let cause = java("org.apache.hadoop.security.AccessControlException", stack);
        assert_eq!(cause.class, Class::Forbidden);
        let error = cause.into_error("store", "hdfs://n/1");
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        assert_eq!(error.reason(), "AccessControlException: Permission denied: user=bob");
        assert!(!error.is_retryable() && error.advice().is_some());

        let safe = java("org.apache.hadoop.hdfs.server.namenode.SafeModeException", "in safe mode");
        assert!(safe.is_transient() && !safe.may_have_applied());
        let few = java(
            "java.io.IOException",
            "File /x could only be written to 0 of the 1 minReplication nodes.",
        );
        assert_eq!(few.class, Class::NoDataNodes);
        assert_eq!(java("java.lang.RuntimeException", "x").class, Class::Other);
    }

    #[test]
    fn what_was_never_sent_did_not_happen() {
        let io = |kind| Cause::of(&HdfsError::IOError(io::Error::new(kind, "x")));
        assert!(!io(io::ErrorKind::ConnectionRefused).may_have_applied());
        assert!(io(io::ErrorKind::ConnectionReset).may_have_applied());
        assert!(io(io::ErrorKind::UnexpectedEof).may_have_applied());
        assert!(Cause::timed_out().may_have_applied() && Cause::timed_out().is_transient());
        let lookup = "failed to lookup address information: Name or service not known";
        let lookup = Cause::of(&HdfsError::IOError(io::Error::other(lookup)));
        assert!(!lookup.may_have_applied() && lookup.is_transient());
    }
}
