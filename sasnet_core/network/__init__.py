"""What is computed: voxels, the siamese network, its fast evaluation on lattices, its weights.

Start with `model`, the network as the paper describes it; `lattice` and `lattice_tower` compute the
same for a whole protein at once. Sizes are in `sasnet_core.config`.
"""
