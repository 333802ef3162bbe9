// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

package udsecho;

import com.google.protobuf.ByteString;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.unix.DomainSocketAddress;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.Iterator;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import udsecho.v1.CollectResponse;
import udsecho.v1.EchoGrpc;
import udsecho.v1.EchoRequest;
import udsecho.v1.EchoResponse;
import udsecho.v1.ExpandRequest;

/** The Echo service on grpc-java: java udsecho.Server SOCKET_PATH. */
public final class Server {
  private static final int MAX_MESSAGE = 16 << 20;

  // Held, so that its level stays. It warns at each connection that Unix sockets have no keepalive.
  private static final Logger NETTY_LOGGER =
      Logger.getLogger("io.grpc.netty.shaded.io.netty.bootstrap");

  private static final class EchoService extends EchoGrpc.EchoImplBase {
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();

    private static EchoResponse reply(EchoRequest request) {
      return EchoResponse.newBuilder()
          .setMessage(request.getMessage())
          .setPayload(request.getPayload())
          .build();
    }

    @Override
    public void echo(EchoRequest request, StreamObserver<EchoResponse> responses) {
      responses.onNext(reply(request));
      responses.onCompleted();
    }

    private static Iterator<EchoResponse> expansion(ExpandRequest request) {
      EchoResponse.Builder response = EchoResponse.newBuilder().setPayload(request.getPayload());
      if (request.hasCount()) {
        EchoResponse each = response.setMessage(request.getMessage()).build();
        return Stream.generate(() -> each).limit(Math.max(0, request.getCount())).iterator();
      }
      return Stream.of(request.getMessage().split("\\s+"))
          .filter(word -> !word.isEmpty())
          .map(word -> response.setMessage(word).build())
          .iterator();
    }

    @Override
    public void expand(ExpandRequest request, StreamObserver<EchoResponse> observer) {
      var responses = (ServerCallStreamObserver<EchoResponse>) observer;
      Iterator<EchoResponse> expansion = expansion(request);
      long interval =
          TimeUnit.SECONDS.toNanos(request.getInterval().getSeconds())
              + request.getInterval().getNanos();
      if (interval > 0) {
        responses.setOnCancelHandler(() -> {}); // then onNext() of a cancelled call does nothing
        sendInTime(expansion, interval, responses);
        return;
      }
      // Called whenever there is room for more.
      responses.setOnReadyHandler(
          new Runnable() {
            private boolean completed;

            @Override
            public void run() {
              while (responses.isReady() && expansion.hasNext()) {
                responses.onNext(expansion.next());
              }
              if (!completed && !expansion.hasNext()) {
                completed = true;
                responses.onCompleted();
              }
            }
          });
    }

    private void sendInTime(
        Iterator<EchoResponse> expansion,
        long interval,
        ServerCallStreamObserver<EchoResponse> responses) {
      if (responses.isCancelled()) {
        return;
      }
      if (expansion.hasNext()) {
        responses.onNext(expansion.next());
      }
      if (expansion.hasNext()) {
        timer.schedule(
            () -> sendInTime(expansion, interval, responses), interval, TimeUnit.NANOSECONDS);
      } else {
        responses.onCompleted();
      }
    }

    /** What is the same in the two methods that read a stream. */
    private abstract static class Reader implements StreamObserver<EchoRequest> {
      @Override
      public void onError(Throwable cancelled) {}
    }

    @Override
    public StreamObserver<EchoRequest> collect(StreamObserver<CollectResponse> responses) {
      return new Reader() {
        private final StringBuilder message = new StringBuilder();
        private ByteString payload = ByteString.EMPTY;
        private long count;
        private long bytes;

        @Override
        public void onNext(EchoRequest request) {
          message.append(request.getMessage());
          payload = payload.concat(request.getPayload());
          bytes += request.getMessageBytes().size() + request.getPayload().size();
          count++;
        }

        @Override
        public void onCompleted() {
          responses.onNext(
              CollectResponse.newBuilder()
                  .setMessage(message.toString())
                  .setPayload(payload)
                  .setCount(count)
                  .setBytes(bytes)
                  .build());
          responses.onCompleted();
        }
      };
    }

    @Override
    public StreamObserver<EchoRequest> chat(StreamObserver<EchoResponse> responses) {
      return new Reader() {
        @Override
        public void onNext(EchoRequest request) {
          responses.onNext(reply(request));
        }

        @Override
        public void onCompleted() {
          responses.onCompleted();
        }
      };
    }
  }

  public static void main(String[] arguments) throws Exception {
    if (arguments.length != 1) {
      System.err.println("usage: java udsecho.Server SOCKET_PATH");
      System.exit(2);
    }
    NETTY_LOGGER.setLevel(Level.SEVERE);
    NettyServerBuilder.forAddress(new DomainSocketAddress(arguments[0]))
        .channelType(EpollServerDomainSocketChannel.class)
        .bossEventLoopGroup(new EpollEventLoopGroup(1))
        .workerEventLoopGroup(new EpollEventLoopGroup())
        .directExecutor() // the handlers never block
        .maxInboundMessageSize(MAX_MESSAGE)
        .addService(new EchoService())
        .build()
        .start()
        .awaitTermination();
  }
}
