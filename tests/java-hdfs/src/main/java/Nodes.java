import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.ha.HAServiceProtocol.RequestSource;
import org.apache.hadoop.ha.HAServiceProtocol.StateChangeRequestInfo;
import org.apache.hadoop.hdfs.HdfsConfiguration;
import org.apache.hadoop.hdfs.protocol.DatanodeInfo;
import org.apache.hadoop.hdfs.protocol.HdfsConstants.SafeModeAction;
import org.apache.hadoop.hdfs.protocol.LocatedBlock;
import org.apache.hadoop.hdfs.server.datanode.DataNode;
import org.apache.hadoop.hdfs.server.namenode.NameNode;
import org.apache.hadoop.hdfs.server.namenode.ha.BootstrapStandby;
import org.apache.hadoop.metrics2.lib.DefaultMetricsSystem;
import org.apache.hadoop.net.Node;
import org.apache.hadoop.net.NodeBase;

/**
 * NameNodes and DataNodes in this JVM, one or many, driven from outside.
 *
 * <p>What they have in common is in the {@code core-site.xml} on the class path. Each line of
 * standard input is one call, its fields separated by tabs; the answer is one line, {@code ok} or
 * {@code error} and a text after a tab. The nodes end with the input.
 */
public final class Nodes {
    private static final String[] NO_OPTIONS = {};

    private final Map<String, NameNode> namenodes = new HashMap<>();
    private final Map<String, DataNode> datanodes = new HashMap<>();
    private final Map<String, Files> files = new HashMap<>();

    /** Answers until the input ends. */
    public static void main(String[] arguments) throws IOException {
        PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        // Whatever a library prints must not end up among the answers.
        System.setOut(System.err);
        // Several nodes have metrics of the same name.
        DefaultMetricsSystem.setMiniClusterMode(true);
        Nodes nodes = new Nodes();
        BufferedReader calls =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = calls.readLine(); line != null; line = calls.readLine()) {
            answers.print(nodes.answer(line.split("\t", -1)) + "\n");
            answers.flush();
        }
        // Some of Hadoop's threads would keep the JVM.
        Runtime.getRuntime().halt(0);
    }

    private String answer(String[] call) {
        try {
            return "ok\t" + call(call[0], Arrays.asList(call).subList(1, call.length));
        } catch (Exception thrown) {
            thrown.printStackTrace();
            return "error\t" + thrown.toString().replaceAll("\\s+", " ");
        }
    }

    private String call(String what, List<String> fields) throws Exception {
        String number = fields.get(0);
        switch (what) {
            case "format":
                NameNode.format(configuration(fields));
                return "";
            case "bootstrap-standby":
                return bootstrapStandby(configuration(fields));
            case "start-namenode":
                namenodes.put(number, NameNode.createNameNode(NO_OPTIONS, configuration(fields)));
                return "";
            case "start-datanode":
                datanodes.put(number, startDatanode(configuration(fields)));
                return "";
            case "stop-namenode":
                namenode(number).stop();
                namenodes.remove(number).join();
                return "";
            case "stop-datanode":
                running(datanodes, number).shutdown();
                datanodes.remove(number);
                return "";
            case "to-active":
                namenode(number).getRpcServer().transitionToActive(byUser());
                return "";
            case "to-standby":
                namenode(number).getRpcServer().transitionToStandby(byUser());
                return "";
            case "safe-mode":
                SafeModeAction action = SafeModeAction.valueOf("SAFEMODE_" + fields.get(1));
                namenode(number).getRpcServer().setSafeMode(action, false);
                return "";
            case "state":
                return state(namenode(number));
            case "pipeline":
                return pipeline(namenode(number), Files.decoded(fields.get(1)));
            case "list":
                return files(number).list(fields.get(1));
            case "read":
                return files(number).read(fields.get(1));
            case "write":
                files(number).write(fields.get(1), fields.get(2));
                return "";
            case "open":
                files(number).open(fields.get(1));
                return "";
            default:
                throw new IllegalArgumentException("no call " + what);
        }
    }

    private NameNode namenode(String number) {
        return running(namenodes, number);
    }

    private Files files(String namenode) {
        return files.computeIfAbsent(
                namenode, name -> new Files(namenode(name).getNameNodeAddress()));
    }

    private static <T> T running(Map<String, T> nodes, String number) {
        if (!nodes.containsKey(number)) {
            throw new IllegalStateException("it does not run");
        }
        return nodes.get(number);
    }

    /** What is on the class path, with a node's own keys: {@code key=value} after its number. */
    private static Configuration configuration(List<String> fields) {
        Configuration configuration = new HdfsConfiguration();
        for (String pair : fields.subList(1, fields.size())) {
            String[] parts = pair.split("=", 2);
            configuration.set(parts[0], parts[1]);
        }
        return configuration;
    }

    private static String bootstrapStandby(Configuration configuration) throws IOException {
        String[] options = {"-force", "-nonInteractive"};
        int status = BootstrapStandby.run(options, configuration);
        if (status != 0) {
            throw new IOException("BootstrapStandby ended with " + status);
        }
        return "";
    }

    /** Starts a DataNode that is known to a NameNode. */
    private static DataNode startDatanode(Configuration configuration) throws Exception {
        DataNode datanode = DataNode.createDataNode(NO_OPTIONS, configuration);
        while (!datanode.isDatanodeFullyStarted()) {
            if (!datanode.isDatanodeUp()) {
                throw new IOException("it ended");
            }
            Thread.sleep(20);
        }
        return datanode;
    }

    private static StateChangeRequestInfo byUser() {
        return new StateChangeRequestInfo(RequestSource.REQUEST_BY_USER_FORCED);
    }

    /** Whether it serves, and how many DataNodes it would give blocks to. */
    private static String state(NameNode namenode) {
        List<Node> datanodes =
                namenode.getNamesystem()
                        .getBlockManager()
                        .getDatanodeManager()
                        .getNetworkTopology()
                        .getLeaves(NodeBase.ROOT);
        // Before its first heartbeat a DataNode seems to be full.
        long usable =
                datanodes.stream().filter(node -> ((DatanodeInfo) node).getCapacity() > 0).count();
        return String.join(
                " ",
                namenode.getState(),
                namenode.isInSafeMode() ? "safe-mode" : "serving",
                Long.toString(usable));
    }

    /** The ports of the DataNodes that hold a file's last block, or write it, in their order. */
    private static String pipeline(NameNode namenode, String path) throws IOException {
        LocatedBlock last =
                namenode.getRpcServer().getBlockLocations(path, 0, Long.MAX_VALUE).getLastLocatedBlock();
        return String.join(
                " ",
                Arrays.stream(last.getLocations())
                        .map(datanode -> Integer.toString(datanode.getXferPort()))
                        .toList());
    }
}
