#!/bin/sh
cp camera.dat /opt/camera/
