//! Hadoop's configuration files, and what it keeps beside them: secrets in keystores, as its
//! Credential Provider has them (`hadoop credential create`).
//!
//! ```no_run
//! use hadoop_configuration::{CredentialProviders, KeystorePassword};
//!
//! let password = KeystorePassword::locate(None, None)?;
//! let providers = CredentialProviders::open("jceks://file/etc/hadoop/s3.jceks", &password)?;
//! let secret = providers.get("fs.s3a.secret.key")?;
//! # Ok::<_, hadoop_configuration::Error>(())
//! ```
//!
//! # Guarantees
//!
//! - Providers are asked in order, aliases are compared and the password is found as Hadoop does it.
//! - Any bytes at all in a keystore end in a secret or an [`Error`], within bounded memory.
//! - A file that was changed by who does not know the password is an error. So is one that is
//!   empty, which Hadoop takes for a new keystore in some places.
//! - A secret is decrypted when it is asked for, not before; no error, message or `Debug` shows one.
//! - Nothing is taken from the environment: the caller passes in what is there.
//!
//! # What it does not guarantee
//!
//! Keystores are read, never written, and only from files of this machine: what lies in another
//! file system of Hadoop's (`jceks://hdfs@…`), in a user's tokens (`user:///`) or in the format of
//! Bouncy Castle (`bcfks`, `localbcfks`) is an error. Who may read a keystore's file is not looked
//! at. The format's cryptography is of its time: under Hadoop's default password, or a weak one, a
//! keystore protects secrets no better than its file mode does.
//!
//! Of XML files, the values are text: what they mean is for who reads them to say.
//!
//! # Map
//!
//! - `site`: keys and values from XML files; `xml` and `variables` in it: their form, and `${…}`
//! - `credentials`: the keystores of a provider path, asked in order
//! - `provider`: where a provider's URI says its keystore is
//! - `password`: where the password is looked for
//! - `jceks`: the keystores' format; `object` and `seal` in it: what Java makes of a secret
//! - `file`: reading with a bound

mod credentials;
mod error;
mod file;
mod jceks;
mod password;
mod provider;
mod site;

pub use credentials::CredentialProviders;
pub use error::{Error, ErrorKind};
pub use password::KeystorePassword;
pub use site::{Lookup, SiteConfiguration};
