#!/bin/sh
cp scanner.dat /opt/scanner/
