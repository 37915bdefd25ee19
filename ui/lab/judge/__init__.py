"""The lab's Judge tab: bars of relative scores, how far judges can be trusted, single judgments."""
