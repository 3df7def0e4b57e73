"""What is conserved in related proteins: profiles of sequences, from psiblast or from files.

Open first: `profile` (what a profile holds; reading ASCII PSSM files), `psiblast` (running the
search), `store` (profiles of a dataset in one folder) and `residues` (profiles -> numbers for each
residue of a protein).
"""
