#!/bin/sh
cp till-fonts.dat /opt/till-fonts/
