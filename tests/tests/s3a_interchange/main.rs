//! One bucket, two engines: what the Java engine stores through Hadoop's S3A this project's plugin
//! `s3` reads, and the other way round, with the real jars on a real MinIO.

mod aside;
mod exchange;
mod place;
mod spelling;
