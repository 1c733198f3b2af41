#!/bin/sh
cp labels.dat /opt/labels/
