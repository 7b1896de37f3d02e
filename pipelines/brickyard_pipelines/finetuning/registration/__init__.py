"""The tuned model in Unity Catalog: logged without any hub, behind the gate, with where it comes from."""
