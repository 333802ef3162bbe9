// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The services of things.proto on grpc-go, with its reflection (v1 and v1alpha) or without.
//
//	server ADDRESS... [--no_reflection]
//
// An address is unix:PATH or HOST:PORT. It prints "serving" and the ports it was given (0 for a Unix socket), and
// serves until its standard input ends.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"slices"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"

	"foreign/pb"
)

type things struct {
	pb.UnimplementedThingsServer
}

func (things) Get(_ context.Context, thing *pb.Thing) (*pb.Thing, error) { return thing, nil }

func (things) Repeat(thing *pb.Thing, stream grpc.ServerStreamingServer[pb.Thing]) error {
	for _, child := range thing.Children {
		if err := stream.Send(child); err != nil {
			return err
		}
	}
	return nil
}

func (things) Collect(stream grpc.ClientStreamingServer[pb.Thing, pb.Thing]) error {
	all := &pb.Thing{Name: "all"}
	for {
		thing, err := stream.Recv()
		if err == io.EOF {
			return stream.SendAndClose(all)
		}
		if err != nil {
			return err
		}
		all.Children = append(all.Children, thing)
	}
}

func (things) Talk(stream grpc.BidiStreamingServer[pb.Thing, pb.Thing]) error {
	for {
		thing, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = stream.Send(thing)
		}
		if err != nil {
			return err
		}
	}
}

func (things) Fail(_ context.Context, thing *pb.Thing) (*emptypb.Empty, error) {
	failure, err := status.New(codes.NotFound, thing.Name).WithDetails(thing)
	if err != nil {
		return nil, err
	}
	return nil, failure.Err()
}

type legacies struct {
	pb.UnimplementedLegaciesServer
}

func (legacies) Get(_ context.Context, legacy *pb.Legacy) (*pb.Legacy, error) {
	legacy.Entry = append(legacy.Entry, &pb.Legacy_Entry{Key: proto.String("k")})
	proto.SetExtension(legacy, pb.E_Nickname, "nick")
	return legacy, nil
}

func listen(where string) net.Listener {
	network, address := "tcp", where
	if path, found := strings.CutPrefix(where, "unix:"); found {
		network, address = "unix", path
	}
	listener, err := net.Listen(network, address)
	if err != nil {
		log.Fatal(err)
	}
	return listener
}

func main() {
	server := grpc.NewServer()
	pb.RegisterThingsServer(server, things{})
	pb.RegisterLegaciesServer(server, legacies{})
	addresses := slices.DeleteFunc(os.Args[1:], func(argument string) bool { return argument == "--no_reflection" })
	if len(addresses) == len(os.Args)-1 {
		reflection.Register(server)
	}
	said := "serving"
	for _, address := range addresses {
		listener := listen(address)
		port := 0
		if tcp, ok := listener.Addr().(*net.TCPAddr); ok {
			port = tcp.Port
		}
		said += fmt.Sprintf(" %d", port)
		go server.Serve(listener)
	}
	fmt.Println(said)
	io.Copy(io.Discard, os.Stdin)
	server.Stop()
}
