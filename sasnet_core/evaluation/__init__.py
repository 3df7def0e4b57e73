"""From scores to the numbers in the documentation.

`measures` compares scores with contacts, `tables` and `curves` write the results down, `test_set`
guards the labels of the test set.
"""
