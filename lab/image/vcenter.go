// SPDX-License-Identifier: GPL-3.0-or-later
// Copyright (c) 2026, routable.ipv6 contributors

// vcenter is govmomi's simulator of a vCenter, which Debian packages as a library alone. Unlike govmomi's own command it
// wants a user and a password, and has no VM of its own.
package main

import (
	"crypto/tls"
	"flag"
	"log"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/vmware/govmomi/simulator"
)

func main() {
	model := simulator.VPX()
	model.Machine = 0
	listen := flag.String("listen", "127.0.0.1:8989", "where to listen; port 0 for any that is free")
	certificate := flag.String("certificate", "", "a file with the server's certificate")
	key := flag.String("key", "", "a file with its key")
	user := flag.String("user", "", "who may log in")
	secret := flag.String("password-file", "", "a file with the password")
	flag.IntVar(&model.Datacenter, "datacenters", 1, "how many, called DC0, DC1, ...")
	flag.IntVar(&model.Portgroup, "portgroups", 1, "how many distributed port groups each has")
	flag.IntVar(&model.PortgroupNSX, "nsx", 0, "how many of NSX")
	flag.IntVar(&model.OpaqueNetwork, "opaque", 0, "how many opaque networks each has")
	flag.Parse()
	password, err := os.ReadFile(*secret)
	if err != nil {
		log.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(*certificate, *key)
	if err != nil {
		log.Fatal(err)
	}
	if *user == "" {
		log.Fatal("somebody must be able to log in: -user")
	}
	if err := model.Create(); err != nil {
		log.Fatal(err)
	}
	login := url.UserPassword(*user, strings.TrimSpace(string(password)))
	model.Service.Listen = &url.URL{Host: *listen, User: login}
	model.Service.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	server := model.Service.NewServer()
	os.Stdout.WriteString("vCenter at " + server.URL.Host + "\n")
	done := make(chan os.Signal, 1)
	signal.Notify(done, syscall.SIGINT, syscall.SIGTERM)
	<-done
	server.Close()
	model.Remove()
}
