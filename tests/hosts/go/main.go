// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A client on grpc-go that counts its calls, until SIGTERM: caller ADDRESS POLICY
// It does what caller.py does, and prints what it prints.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"udsecho-client/echopb"
)

const (
	timeout = 10 * time.Second
	workers = 4                     // a connection
	pause   = 5 * time.Millisecond  // between a worker's calls
	delay   = 50 * time.Millisecond // that the server takes for every second call
)

var printer sync.Mutex

// CLOCK_MONOTONIC, which all programs of a machine share.
func now() float64 {
	var at unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &at)
	return float64(at.Sec) + float64(at.Nsec)/1e9
}

func call(client echopb.EchoClient, number int) string {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	request := &echopb.EchoRequest{Message: fmt.Sprint(number), Delay: durationpb.New(delay * time.Duration(number%2))}
	response, err := client.Echo(ctx, request, grpc.WaitForReady(true))
	if err != nil {
		return fmt.Sprintf("%v: %s", status.Code(err), status.Convert(err).Message())
	}
	if response.Message != request.Message {
		return "WRONG"
	}
	return "OK"
}

func tell(name string, calls [][3]any) {
	printer.Lock()
	defer printer.Unlock()
	_ = json.NewEncoder(os.Stdout).Encode(map[string]any{"work": name, "calls": calls})
}

func work(name string, client echopb.EchoClient, stop <-chan struct{}) {
	calls, told := [][3]any{}, now()
	for number := 1; ; number++ {
		select {
		case <-stop:
			tell(name, calls)
			return
		case <-time.After(pause):
		}
		began := now()
		result := call(client, number)
		calls = append(calls, [3]any{began, 1000 * (now() - began), result})
		if now() > told+0.5 {
			tell(name, calls)
			calls, told = [][3]any{}, now()
		}
	}
}

func main() {
	signals, stop := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(signals, syscall.SIGTERM)
	var all sync.WaitGroup
	for name, options := range map[string][]grpc.DialOption{
		"Go, retries": {grpc.WithDefaultServiceConfig(os.Args[2])},
		"Go":          {},
	} {
		conn, err := grpc.NewClient(os.Args[1],
			append(options, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		for range workers {
			all.Add(1)
			go func() {
				defer all.Done()
				work(name, echopb.NewEchoClient(conn), stop)
			}()
		}
	}
	<-signals
	close(stop)
	all.Wait()
}
