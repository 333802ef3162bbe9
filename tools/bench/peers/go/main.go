// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The Echo service on grpc-go: go [-tuned] SOCKET_PATH
package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"log"
	"net"
	"runtime"
	"strings"
	"time"

	"google.golang.org/grpc"

	"udsecho-peer/echopb"
)

//go:generate ./generate.sh

const maxMessage = 16 << 20

type echoServer struct {
	echopb.UnimplementedEchoServer
}

func reply(request *echopb.EchoRequest) *echopb.EchoResponse {
	return &echopb.EchoResponse{Message: request.Message, Payload: request.Payload}
}

func (echoServer) Echo(_ context.Context, request *echopb.EchoRequest) (*echopb.EchoResponse, error) {
	return reply(request), nil
}

func (echoServer) Expand(request *echopb.ExpandRequest, stream grpc.ServerStreamingServer[echopb.EchoResponse]) error {
	count := int(request.GetCount())
	var words []string
	if request.Count == nil {
		words = strings.Fields(request.Message)
		count = len(words)
	}
	interval := request.Interval.AsDuration()
	response := &echopb.EchoResponse{Message: request.Message, Payload: request.Payload}
	for i := range count {
		if i > 0 && interval > 0 {
			select {
			case <-time.After(interval):
			case <-stream.Context().Done():
				return stream.Context().Err()
			}
		}
		if words != nil {
			response.Message = words[i]
		}
		if err := stream.Send(response); err != nil {
			return err
		}
	}
	return nil
}

func (echoServer) Collect(stream grpc.ClientStreamingServer[echopb.EchoRequest, echopb.CollectResponse]) error {
	var message strings.Builder
	response := &echopb.CollectResponse{}
	for {
		request, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			response.Message = message.String()
			return stream.SendAndClose(response)
		}
		if err != nil {
			return err
		}
		message.WriteString(request.Message)
		response.Payload = append(response.Payload, request.Payload...)
		response.Count++
		response.Bytes += int64(len(request.Message) + len(request.Payload))
	}
}

func (echoServer) Chat(stream grpc.BidiStreamingServer[echopb.EchoRequest, echopb.EchoResponse]) error {
	for {
		request, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(reply(request)); err != nil {
			return err
		}
	}
}

func main() {
	tuned := flag.Bool("tuned", false, "with the options that grpc-go offers for speed")
	flag.Parse()
	if flag.NArg() != 1 {
		log.Fatal("usage: go [-tuned] SOCKET_PATH")
	}
	options := []grpc.ServerOption{grpc.MaxRecvMsgSize(maxMessage)}
	if *tuned {
		options = append(options,
			// Handlers run on goroutines that stay, with their stacks grown.
			grpc.NumStreamWorkers(uint32(runtime.NumCPU())),
			grpc.SharedWriteBuffer(true),
			grpc.ReadBufferSize(128<<10),
			grpc.WriteBufferSize(128<<10),
			// Fixed windows: no pings that estimate the bandwidth.
			grpc.InitialWindowSize(4<<20),
			grpc.InitialConnWindowSize(16<<20))
	}
	listener, err := net.Listen("unix", flag.Arg(0))
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer(options...)
	echopb.RegisterEchoServer(server, echoServer{})
	log.Fatal(server.Serve(listener))
}
