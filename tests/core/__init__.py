"""Tests of sasnet_core, one file per module."""
