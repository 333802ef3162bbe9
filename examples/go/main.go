// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A client of the Echo service on a Unix socket: go run . unix:///tmp/sock1
// One line a feature, "ok NAME" or "failed NAME: WHY".
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"

	"udsecho-client/echopb"
)

//go:generate ./generate.sh

// One message there, one back.
func echo(ctx context.Context, conn *grpc.ClientConn) error {
	payload := []byte{0x00, 0xff}
	response, err := echopb.NewEchoClient(conn).Echo(ctx, &echopb.EchoRequest{Message: "hi", Payload: payload})
	if err != nil {
		return err
	}
	if response.Message != "hi" || !bytes.Equal(response.Payload, payload) {
		return fmt.Errorf("another message came back: %v", response)
	}
	return nil
}

// One message there, many back: its words.
func expand(ctx context.Context, conn *grpc.ClientConn) error {
	stream, err := echopb.NewEchoClient(conn).Expand(ctx, &echopb.ExpandRequest{Message: "one two three"})
	if err != nil {
		return err
	}
	var words []string
	for {
		response, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		words = append(words, response.Message)
	}
	if fmt.Sprint(words) != "[one two three]" {
		return fmt.Errorf("the words were %v", words)
	}
	return nil
}

// Many messages there, one back.
func collect(ctx context.Context, conn *grpc.ClientConn) error {
	stream, err := echopb.NewEchoClient(conn).Collect(ctx)
	if err != nil {
		return err
	}
	for _, message := range []string{"one", "two"} {
		if err := stream.Send(&echopb.EchoRequest{Message: message}); err != nil {
			return err
		}
	}
	response, err := stream.CloseAndRecv()
	if err != nil {
		return err
	}
	if response.Message != "onetwo" || response.Count != 2 {
		return fmt.Errorf("collected %v", response)
	}
	return nil
}

// Messages in both directions, in turn.
func chat(ctx context.Context, conn *grpc.ClientConn) error {
	stream, err := echopb.NewEchoClient(conn).Chat(ctx)
	if err != nil {
		return err
	}
	for _, message := range []string{"one", "two"} {
		if err := stream.Send(&echopb.EchoRequest{Message: message}); err != nil {
			return err
		}
		response, err := stream.Recv()
		if err != nil {
			return err
		}
		if response.Message != message {
			return fmt.Errorf("%q was answered with %q", message, response.Message)
		}
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("the stream did not end: %v", err)
	}
	return nil
}

// Metadata comes back: before the response as text, after it as bytes.
func echoMetadata(ctx context.Context, conn *grpc.ClientConn) error {
	ctx = metadata.AppendToOutgoingContext(ctx,
		"x-grpc-test-echo-initial", "first", "x-grpc-test-echo-trailing-bin", "\x00\xff")
	var header, trailer metadata.MD
	_, err := echopb.NewEchoClient(conn).Echo(ctx, &echopb.EchoRequest{}, grpc.Header(&header), grpc.Trailer(&trailer))
	if err != nil {
		return err
	}
	initial := header.Get("x-grpc-test-echo-initial")
	trailing := trailer.Get("x-grpc-test-echo-trailing-bin")
	if fmt.Sprintf("%q %q", initial, trailing) != `["first"] ["\x00\xff"]` {
		return fmt.Errorf("%q and %q came back", initial, trailing)
	}
	return nil
}

// A status other than OK, with details.
func fault(ctx context.Context, conn *grpc.ClientConn) error {
	detail, err := anypb.New(&errdetails.ErrorInfo{Reason: "NO_SUCH_THING", Domain: "udsecho"})
	if err != nil {
		return err
	}
	_, err = echopb.NewEchoClient(conn).Echo(ctx, &echopb.EchoRequest{Fault: &echopb.Fault{
		Code: int32(codes.NotFound), Message: "50 % gone: ü", Details: []*anypb.Any{detail}}})
	got := status.Convert(err)
	if got.Code() != codes.NotFound || got.Message() != "50 % gone: ü" {
		return fmt.Errorf("the status was %v", got)
	}
	for _, detail := range got.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok && info.Reason == "NO_SUCH_THING" {
			return nil
		}
	}
	return fmt.Errorf("no ErrorInfo among %v", got.Details())
}

// A call that takes longer than its caller has time for.
func deadline(ctx context.Context, conn *grpc.ClientConn) error {
	ctx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	_, err := echopb.NewEchoClient(conn).Echo(ctx, &echopb.EchoRequest{Delay: durationpb.New(time.Minute)})
	if status.Code(err) != codes.DeadlineExceeded {
		return fmt.Errorf("the status was %v", err)
	}
	return nil
}

func health(ctx context.Context, conn *grpc.ClientConn) error {
	response, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{Service: "udsecho.v1.Echo"})
	if err != nil {
		return err
	}
	if response.Status != healthpb.HealthCheckResponse_SERVING {
		return fmt.Errorf("the service is %v", response.Status)
	}
	return nil
}

// What the server sees of this process.
func whoAmI(ctx context.Context, conn *grpc.ClientConn) error {
	me, err := echopb.NewEchoClient(conn).WhoAmI(ctx, &echopb.WhoAmIRequest{})
	if err != nil {
		return err
	}
	if int(me.Uid) != os.Getuid() {
		return fmt.Errorf("the server sees uid %d", me.Uid)
	}
	fmt.Println("# authority:", me.Authority)
	return nil
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run . unix:///ABSOLUTE/PATH")
		os.Exit(2)
	}
	conn, err := grpc.NewClient(os.Args[1],
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	defer conn.Close()
	failed := false
	for _, feature := range []struct {
		name string
		run  func(context.Context, *grpc.ClientConn) error
	}{
		{"echo", echo}, {"expand", expand}, {"collect", collect}, {"chat", chat},
		{"metadata", echoMetadata}, {"fault", fault}, {"deadline", deadline},
		{"health", health}, {"whoami", whoAmI},
	} {
		// Without a deadline a call may wait for ever.
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		if err := feature.run(ctx, conn); err != nil {
			fmt.Printf("failed %s: %v\n", feature.name, err)
			failed = true
		} else {
			fmt.Println("ok", feature.name)
		}
		cancel()
	}
	if failed {
		os.Exit(1)
	}
}
