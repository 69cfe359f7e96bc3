"""The audit log as mathematics: leaf, tree, checkpoint, proof, retention."""
