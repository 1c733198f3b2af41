#!/bin/sh
cp kiosk.dat /opt/kiosk/
