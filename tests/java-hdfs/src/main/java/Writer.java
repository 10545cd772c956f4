import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.CommonConfigurationKeysPublic;
import org.apache.hadoop.fs.CreateFlag;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.hdfs.HdfsConfiguration;

/**
 * Hadoop's own client, storing as this project does: a hidden file, synced to disk, then renamed.
 *
 * <p>The argument is the NameNode's URI. Each line of standard input is one call, {@code store
 * LENGTH PATH}, answered by the nanoseconds that it took in this JVM, or {@code delete PATH},
 * answered by an empty line.
 */
public final class Writer {
    private final FileSystem client;
    private byte[] contents = {};

    private Writer(FileSystem client) {
        this.client = client;
    }

    /** Answers until the input ends. */
    public static void main(String[] arguments) throws IOException {
        PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        // Whatever a library prints must not end up among the answers.
        System.setOut(System.err);
        FileSystem client = FileSystem.get(URI.create(arguments[0]), new HdfsConfiguration());
        Writer writer = new Writer(client);
        BufferedReader calls =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = calls.readLine(); line != null; line = calls.readLine()) {
            answers.println(writer.answer(line.split(" ")));
        }
    }

    private String answer(String[] call) throws IOException {
        switch (call[0]) {
            case "store":
                return Long.toString(store(Integer.parseInt(call[1]), new Path(call[2])));
            case "delete":
                client.delete(new Path(call[1]), false);
                return "";
            default:
                throw new IllegalArgumentException("no call " + call[0]);
        }
    }

    private long store(int length, Path path) throws IOException {
        if (contents.length != length) {
            contents = new byte[length];
            Arrays.fill(contents, (byte) 7);
        }
        Path hidden = new Path(path.getParent(), "." + path.getName() + ".tmp");
        long began = System.nanoTime();
        try (FSDataOutputStream output = createSynced(hidden)) {
            output.write(contents);
        }
        if (!client.rename(hidden, path)) {
            throw new IOException("no rename to " + path);
        }
        return System.nanoTime() - began;
    }

    private FSDataOutputStream createSynced(Path path) throws IOException {
        Configuration configuration = client.getConf();
        return client.create(
                path,
                FsPermission.getFileDefault(),
                EnumSet.of(CreateFlag.CREATE, CreateFlag.SYNC_BLOCK),
                configuration.getInt(
                        CommonConfigurationKeysPublic.IO_FILE_BUFFER_SIZE_KEY,
                        CommonConfigurationKeysPublic.IO_FILE_BUFFER_SIZE_DEFAULT),
                client.getDefaultReplication(path),
                client.getDefaultBlockSize(path),
                null);
    }
}
