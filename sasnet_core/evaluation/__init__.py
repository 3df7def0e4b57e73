"""From scores to the numbers in the documentation.

`measures` compares scores with contacts, `groups` does so by kind and size of protein, `tables` and
`curves` present the results, and `test_set` guards the labels of the test set.
"""
