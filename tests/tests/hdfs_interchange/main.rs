//! One cluster, two engines: what the Java engine stores through Hadoop's own client this project's
//! plugin `hdfs` reads, and the other way round, with the real jars on a real HDFS.

mod aside;
mod exchange;
mod place;
mod spelling;
