#!/bin/sh
cp reader.txt /opt/reader/
