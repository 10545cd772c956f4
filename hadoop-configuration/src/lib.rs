//! What Hadoop keeps beside its configuration keys: secrets in keystores, as its Credential
//! Provider makes them (`hadoop credential create`), read and never written.

mod credentials;
mod error;
mod file;
mod jceks;
mod password;
mod provider;

pub use credentials::CredentialProviders;
pub use error::{Error, ErrorKind};
pub use password::KeystorePassword;
