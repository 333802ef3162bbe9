// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors
package udsecho;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import com.google.rpc.ErrorInfo;
import io.grpc.ClientInterceptor;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.BlockingClientCall;
import io.grpc.stub.MetadataUtils;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import udsecho.v1.CollectResponse;
import udsecho.v1.EchoGrpc;
import udsecho.v1.EchoRequest;
import udsecho.v1.EchoResponse;
import udsecho.v1.ExpandRequest;
import udsecho.v1.Fault;
import udsecho.v1.WhoAmIRequest;
import udsecho.v1.WhoAmIResponse;

/**
 * A client of the Echo service on a Unix socket. One line a feature, "ok NAME" or "failed NAME: WHY".
 *
 * <p>mvn -q exec:java -Dexec.args=unix:///tmp/sock1
 */
public final class Client {
  private static final byte[] BYTES = {0x00, (byte) 0xff};

  private final ManagedChannel channel;

  private Client(ManagedChannel channel) {
    this.channel = channel;
  }

  /** A stub with a deadline: without one a call may wait for ever. */
  private EchoGrpc.EchoBlockingV2Stub stub() {
    return EchoGrpc.newBlockingV2Stub(channel).withDeadlineAfter(10, TimeUnit.SECONDS);
  }

  private static EchoRequest text(String message) {
    return EchoRequest.newBuilder().setMessage(message).build();
  }

  private static void expect(Object actual, Object expected) {
    if (!Objects.equals(actual, expected)) {
      throw new IllegalStateException(actual + " instead of " + expected);
    }
  }

  /** One message there, one back. */
  private void echo() throws Exception {
    ByteString payload = ByteString.copyFrom(BYTES);
    EchoRequest request = EchoRequest.newBuilder().setMessage("hi").setPayload(payload).build();
    EchoResponse response = stub().echo(request);
    expect(response.getMessage(), "hi");
    expect(response.getPayload(), payload);
  }

  /** One message there, many back: its words. */
  private void expand() throws Exception {
    ExpandRequest request = ExpandRequest.newBuilder().setMessage("one two three").build();
    BlockingClientCall<?, EchoResponse> call = stub().expand(request);
    List<String> words = new ArrayList<>();
    while (call.hasNext()) {
      words.add(call.read().getMessage());
    }
    expect(words, List.of("one", "two", "three"));
  }

  /** Many messages there, one back. */
  private void collect() throws Exception {
    BlockingClientCall<EchoRequest, CollectResponse> call = stub().collect();
    call.write(text("one"));
    call.write(text("two"));
    call.halfClose();
    CollectResponse response = call.read();
    expect(response.getMessage(), "onetwo");
    expect(response.getCount(), 2L);
  }

  /** Messages in both directions, in turn. */
  private void chat() throws Exception {
    BlockingClientCall<EchoRequest, EchoResponse> call = stub().chat();
    for (String message : List.of("one", "two")) {
      call.write(text(message));
      expect(call.read().getMessage(), message);
    }
    call.halfClose();
    expect(call.read(), null);
  }

  /** Metadata comes back: before the response as text, after it as bytes. */
  private void metadata() throws Exception {
    Metadata.Key<String> initial =
        Metadata.Key.of("x-grpc-test-echo-initial", Metadata.ASCII_STRING_MARSHALLER);
    Metadata.Key<byte[]> trailing =
        Metadata.Key.of("x-grpc-test-echo-trailing-bin", Metadata.BINARY_BYTE_MARSHALLER);
    Metadata sent = new Metadata();
    sent.put(initial, "first");
    sent.put(trailing, BYTES);
    AtomicReference<Metadata> headers = new AtomicReference<>();
    AtomicReference<Metadata> trailers = new AtomicReference<>();
    ClientInterceptor attach = MetadataUtils.newAttachHeadersInterceptor(sent);
    ClientInterceptor capture = MetadataUtils.newCaptureMetadataInterceptor(headers, trailers);
    stub().withInterceptors(attach, capture).echo(text(""));
    expect(headers.get().get(initial), "first");
    expect(Arrays.equals(trailers.get().get(trailing), BYTES), true);
  }

  /** A status other than OK, with details. */
  private void fault() throws Exception {
    ErrorInfo info =
        ErrorInfo.newBuilder().setReason("NO_SUCH_THING").setDomain("udsecho").build();
    Fault fault =
        Fault.newBuilder()
            .setCode(Status.Code.NOT_FOUND.value())
            .setMessage("50 % gone: ü")
            .addDetails(Any.pack(info))
            .build();
    try {
      stub().echo(EchoRequest.newBuilder().setFault(fault).build());
    } catch (StatusException error) {
      expect(error.getStatus().getCode(), Status.Code.NOT_FOUND);
      expect(error.getStatus().getDescription(), "50 % gone: ü");
      expect(StatusProto.fromThrowable(error).getDetails(0).unpack(ErrorInfo.class), info);
      return;
    }
    throw new IllegalStateException("no error");
  }

  /** A call that takes longer than its caller has time for. */
  private void deadline() throws Exception {
    EchoRequest request =
        EchoRequest.newBuilder().setDelay(Duration.newBuilder().setSeconds(60)).build();
    try {
      stub().withDeadlineAfter(100, TimeUnit.MILLISECONDS).echo(request);
    } catch (StatusException error) {
      expect(error.getStatus().getCode(), Status.Code.DEADLINE_EXCEEDED);
      return;
    }
    throw new IllegalStateException("no error");
  }

  private void health() throws Exception {
    HealthCheckRequest request =
        HealthCheckRequest.newBuilder().setService("udsecho.v1.Echo").build();
    HealthGrpc.HealthBlockingV2Stub stub =
        HealthGrpc.newBlockingV2Stub(channel).withDeadlineAfter(10, TimeUnit.SECONDS);
    expect(stub.check(request).getStatus(), ServingStatus.SERVING);
  }

  /** What the server sees of this process. */
  private void whoAmI() throws Exception {
    WhoAmIResponse me = stub().whoAmI(WhoAmIRequest.getDefaultInstance());
    expect(me.getUid(), Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
    System.out.println("# authority: " + me.getAuthority());
  }

  private interface Feature {
    void run() throws Exception;
  }

  private boolean runAll() {
    Map<String, Feature> features = new LinkedHashMap<>();
    features.put("echo", this::echo);
    features.put("expand", this::expand);
    features.put("collect", this::collect);
    features.put("chat", this::chat);
    features.put("metadata", this::metadata);
    features.put("fault", this::fault);
    features.put("deadline", this::deadline);
    features.put("health", this::health);
    features.put("whoami", this::whoAmI);
    boolean passed = true;
    for (Map.Entry<String, Feature> feature : features.entrySet()) {
      try {
        feature.getValue().run();
        System.out.println("ok " + feature.getKey());
      } catch (Exception error) {
        System.out.println("failed " + feature.getKey() + ": " + error.getMessage());
        passed = false;
      }
    }
    return passed;
  }

  public static void main(String[] arguments) throws Exception {
    if (arguments.length != 1) {
      System.err.println("usage: mvn -q exec:java -Dexec.args=unix:///ABSOLUTE/PATH");
      System.exit(2);
    }
    ManagedChannel channel =
        Grpc.newChannelBuilder(arguments[0], InsecureChannelCredentials.create()).build();
    boolean passed = new Client(channel).runAll();
    channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    System.exit(passed ? 0 : 1);
  }
}
