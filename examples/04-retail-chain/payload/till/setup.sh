#!/bin/sh
cp till.dat /opt/till/
