#!/bin/sh
cp scale.dat /opt/scale/
