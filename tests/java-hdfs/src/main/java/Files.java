import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.hdfs.HdfsConfiguration;

/**
 * The files of the cluster, as Hadoop's own client sees them through one NameNode.
 *
 * <p>Names are percent-encoded, contents are in base 64. What is written may be changed by any user.
 */
final class Files {
    private final URI namenode;
    private FileSystem client;

    Files(InetSocketAddress namenode) {
        this.namenode = URI.create("hdfs://127.0.0.1:" + namenode.getPort());
    }

    private FileSystem client() throws IOException {
        if (client == null) {
            Configuration configuration = new HdfsConfiguration();
            FsPermission.setUMask(configuration, new FsPermission(0));
            // What is asked after a NameNode was restarted needs another connection to it.
            configuration.setInt("ipc.client.connection.maxidletime", 0);
            client = FileSystem.get(namenode, configuration);
        }
        return client;
    }

    /** Makes a directory that any user may write to. */
    void open(String directory) throws IOException {
        Path path = path(directory);
        client().mkdirs(path);
        client().setPermission(path, new FsPermission(0777));
    }

    /** The names in a directory, separated by spaces; none if it is not there. */
    String list(String directory) throws IOException {
        try {
            return String.join(
                    " ",
                    Arrays.stream(client().listStatus(path(directory)))
                            .map(status -> encoded(status.getPath().getName()))
                            .toList());
        } catch (FileNotFoundException missing) {
            return "";
        }
    }

    String read(String file) throws IOException {
        try (FSDataInputStream input = client().open(path(file))) {
            return Base64.getEncoder().encodeToString(input.readAllBytes());
        }
    }

    /** Makes a file and the directories above it, or replaces it. */
    void write(String file, String contents) throws IOException {
        try (FSDataOutputStream output = client().create(path(file), true)) {
            output.write(Base64.getDecoder().decode(contents));
        }
    }

    private static Path path(String encoded) {
        return new Path(decoded(encoded));
    }

    static String decoded(String encoded) {
        // Here a plus stands for itself.
        return URLDecoder.decode(encoded.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    private static String encoded(String name) {
        return URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
