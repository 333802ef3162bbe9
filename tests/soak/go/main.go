// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// An honest client on grpc-go that counts its answers, until SIGTERM: honest SOCKET
// It prints what honest.py prints.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"udsecho-client/echopb"
)

const (
	timeout = 30 * time.Second
	many    = 20 // messages a stream
)

var (
	path    string
	printer sync.Mutex
	payload = bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
)

type wrong struct{ what string }

func (w wrong) Error() string { return w.what }

func expect(actual, expected string) error {
	if actual != expected {
		return wrong{fmt.Sprintf("%.200q instead of %.200q", actual, expected)}
	}
	return nil
}

func dial() *grpc.ClientConn {
	conn, err := grpc.NewClient("unix:"+path,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.WaitForReady(true)),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff: backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1, MaxDelay: 200 * time.Millisecond},
		}))
	if err != nil {
		panic(err)
	}
	return conn
}

func unary(ctx context.Context, conn *grpc.ClientConn, number int) error {
	text := fmt.Sprintf("unary %d", number)
	response, err := echopb.NewEchoClient(conn).Echo(ctx, &echopb.EchoRequest{Message: text})
	if err != nil {
		return err
	}
	return expect(response.Message, text)
}

func large(ctx context.Context, conn *grpc.ClientConn, number int) error {
	text := fmt.Sprintf("large %d", number)
	response, err := echopb.NewEchoClient(conn).Echo(ctx, &echopb.EchoRequest{Message: text, Payload: payload})
	if err != nil {
		return err
	}
	if !bytes.Equal(response.Payload, payload) {
		return wrong{"another payload"}
	}
	return expect(response.Message, text)
}

// In turn, where Python's client sends as fast as it may.
func chat(ctx context.Context, conn *grpc.ClientConn, number int) error {
	stream, err := echopb.NewEchoClient(conn).Chat(ctx)
	if err != nil {
		return err
	}
	for i := 0; i < many; i++ {
		text := fmt.Sprintf("chat %d.%d", number, i)
		// A failed Send says no more than io.EOF; Recv has the status.
		_ = stream.Send(&echopb.EchoRequest{Message: text})
		response, err := stream.Recv()
		if err != nil {
			return err
		}
		if err := expect(response.Message, text); err != nil {
			return err
		}
	}
	_ = stream.CloseSend()
	if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

func collect(ctx context.Context, conn *grpc.ClientConn, number int) error {
	stream, err := echopb.NewEchoClient(conn).Collect(ctx)
	if err != nil {
		return err
	}
	var all strings.Builder
	for i := 0; i < many; i++ {
		text := fmt.Sprintf("collect %d.%d", number, i)
		all.WriteString(text)
		_ = stream.Send(&echopb.EchoRequest{Message: text})
	}
	response, err := stream.CloseAndRecv()
	if err != nil {
		return err
	}
	return expect(response.Message, all.String())
}

func deadline(ctx context.Context, conn *grpc.ClientConn, number int) error {
	ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	request := &echopb.EchoRequest{Message: fmt.Sprintf("late %d", number), Delay: durationpb.New(time.Hour)}
	_, err := echopb.NewEchoClient(conn).Echo(ctx, request)
	if status.Code(err) == codes.DeadlineExceeded {
		return nil
	}
	if err == nil {
		return wrong{"no DEADLINE_EXCEEDED"}
	}
	return err
}

func cancelled(ctx context.Context, conn *grpc.ClientConn, number int) error {
	ctx, cancel := context.WithCancel(ctx)
	time.AfterFunc(time.Duration(number%5)*5*time.Millisecond, cancel)
	request := &echopb.EchoRequest{Message: fmt.Sprintf("cancel %d", number), Delay: durationpb.New(time.Hour)}
	_, err := echopb.NewEchoClient(conn).Echo(ctx, request)
	if status.Code(err) == codes.Canceled {
		return nil
	}
	if err == nil {
		return wrong{"not cancelled"}
	}
	return err
}

func reconnect(ctx context.Context, _ *grpc.ClientConn, number int) error {
	conn := dial()
	defer conn.Close()
	return unary(ctx, conn, number)
}

// CLOCK_MONOTONIC, which all programs of a machine share.
func now() float64 {
	var at unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &at)
	return float64(at.Sec) + float64(at.Nsec)/1e9
}

func tell(fields map[string]any) {
	printer.Lock()
	defer printer.Unlock()
	fields["at"] = now()
	_ = json.NewEncoder(os.Stdout).Encode(fields)
}

type work struct {
	name  string
	run   func(context.Context, *grpc.ClientConn, int) error
	pause time.Duration
}

func (w work) repeat(conn *grpc.ClientConn, stop <-chan struct{}) {
	times, told := []float64{}, now()
	for number := 1; ; number++ {
		since := now()
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		err := w.run(ctx, conn, number)
		cancel()
		var what wrong
		switch {
		case err == nil:
			times = append(times, 1000*(now()-since))
		case errors.As(err, &what):
			tell(map[string]any{"work": w.name, "since": since, "wrong": what.what})
		default:
			tell(map[string]any{"work": w.name, "since": since, "lost": err.Error()})
		}
		ended := false
		select {
		case <-stop:
			ended = true
		case <-time.After(w.pause):
		}
		if ended || now() > told+1 {
			tell(map[string]any{"work": w.name, "ms": times})
			times, told = []float64{}, now()
		}
		if ended {
			return
		}
	}
}

func main() {
	path = os.Args[1]
	signals, stop := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	conn := dial()
	var all sync.WaitGroup
	for _, each := range []work{
		{"go unary", unary, 5 * time.Millisecond},
		{"go large", large, 200 * time.Millisecond},
		{"go chat", chat, 50 * time.Millisecond},
		{"go collect", collect, 50 * time.Millisecond},
		{"go deadline", deadline, 20 * time.Millisecond},
		{"go cancel", cancelled, 20 * time.Millisecond},
		{"go reconnect", reconnect, 100 * time.Millisecond},
	} {
		all.Add(1)
		go func() {
			defer all.Done()
			each.repeat(conn, stop)
		}()
	}
	<-signals
	close(stop)
	all.Wait()
}
