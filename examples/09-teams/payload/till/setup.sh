#!/bin/sh
echo "till 4.20"
