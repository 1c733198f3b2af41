#!/bin/sh
mkdir -p /opt/till && cp till.ini prices.csv /opt/till/
