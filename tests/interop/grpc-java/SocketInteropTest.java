// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

import io.grpc.ManagedChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NegotiationType;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollDomainSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.unix.DomainSocketAddress;
import io.grpc.testing.integration.AbstractInteropTest;
import java.net.SocketAddress;
import org.junit.Ignore;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.junit.runners.JUnit4;

/**
 * All of grpc-java's own tests of a client and a server, against the server whose socket the property "socket" names.
 * Those that look into the server are skipped by grpc-java itself, as the server is not its own.
 */
@RunWith(JUnit4.class)
public final class SocketInteropTest extends AbstractInteropTest {
  private static final SocketAddress SOCKET = new DomainSocketAddress(System.getProperty("socket"));
  private static final EventLoopGroup LOOP = new EpollEventLoopGroup(1);

  @Override
  protected ManagedChannelBuilder<?> createChannelBuilder() {
    return NettyChannelBuilder.forAddress(SOCKET)
        .eventLoopGroup(LOOP)
        .channelType(EpollDomainSocketChannel.class)
        .negotiationType(NegotiationType.PLAINTEXT)
        .maxInboundMessageSize(AbstractInteropTest.MAX_MESSAGE_SIZE);
  }

  /** grpc-java's own server sends the field "google.protobuf.StringValue-bin" back, which gRPC's descriptions do not ask for. */
  @Override
  @Test
  @Ignore("of grpc-java's own server")
  public void exchangeMetadataUnaryCall() {}

  @Override
  @Test
  @Ignore("of grpc-java's own server")
  public void exchangeMetadataStreamingCall() {}

  /** The census library of OpenCensus, which the other side would need as well. */
  @Override
  protected boolean metricsExpected() {
    return false;
  }
}
