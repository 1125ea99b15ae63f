"""What people do in demonstrations and simulations, scene by scene, through the very actions."""
